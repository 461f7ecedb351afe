# Tries: print what is right and end badly
# Suite: stdio
# Input: "1\n"
# Output: "2\n"
# Expect: crashed
import sys

print(int(input()) + 1)
sys.exit(3)
