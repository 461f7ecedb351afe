# Tries: print what is right and be killed
# Suite: stdio
# Input: "1\n"
# Output: "2\n"
# Expect: crashed
import os

print(int(input()) + 1, flush=True)
os.kill(os.getpid(), 9)
