# Tries: print nothing and end with status 0
# Suite: stdio
# Input: "1\n"
# Output: "2\n"
# Input: "2\n"
# Output: "3\n"
# Expect: failed
import os

os._exit(0)
