# Tries: break the channel of a whole program
# Suite: stdio
# Input: "1\n"
# Output: "2\n"
# Expect: failed tampered error
import os

os.write(3, b"\xff" * 1000)
