# Tries: print every answer, so that the right one is among them
# Suite: stdio
# Input: "1\n"
# Output: "2\n"
# Compare: tokens
# Expect: failed
print(*range(100))
