# Tries: be a whole program that prints from threads and exit functions, and to standard error
# Suite: stdio
# Input: ""
# Output: "one\ntwo\nthree\n"
# Expect: passed
import atexit
import sys
import threading

atexit.register(print, "three")
threading.Thread(target=lambda: print("two")).start() if not print("one") else None
print("noise", file=sys.stderr)
