# Tries: be a whole program that reads its input by descriptor, by buffer and by line
# Suite: stdio
# Input: "ä\nb\nc\n"
# Output: "ä-b-c"
# Compare: exact
# Expect: passed
import os
import sys

first = os.read(0, 3).decode()
rest = [line for line in sys.stdin]
sys.stdout.buffer.write("-".join(part.strip() for part in [first, *rest]).encode())
sys.stdout.flush()
