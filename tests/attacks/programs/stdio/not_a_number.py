# Tries: be within every tolerance by printing what is no number
# Suite: stdio
# Input: "1\n"
# Output: "2.0\n"
# Input: "2\n"
# Output: "2.0\n"
# Input: "3\n"
# Output: "2.0\n"
# Compare: float
# Expect: failed
print(["", "nan", "inf", "2_0"][int(input())])
