# Tries: be a whole program whose numbers are close, not equal
# Suite: stdio
# Input: ""
# Output: "0.1 0.2 0.3 yes\n"
# Compare: float
# Expect: passed
print(0.1, "0.20000000001", 0.1 + 0.2, "yes", sep="\n")
