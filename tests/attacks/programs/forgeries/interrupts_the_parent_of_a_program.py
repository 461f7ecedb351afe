# Tries: interrupt the parent of a whole program after having printed
# Suite: stdio
# Input: ""
# Output: "2\n"
# Expect: crashed error failed timeout
# Limits: wall_s=2
import os
import time

print(2, flush=True)
if os.getpid() < 1000:
    for number in (2, 15, 1, 9):
        os.kill(1, number)
time.sleep(0.2)
print(3)
