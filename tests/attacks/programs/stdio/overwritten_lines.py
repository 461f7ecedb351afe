# Tries: hide a wrong answer behind control characters, so that it looks right
# Suite: stdio
# Input: "1\n"
# Output: "2\n"
# Expect: failed
print("7\b2")
print("\x1b[1A\x1b[2K2", end="")
print("7\r2\0")
