# Tries: leave a child that holds standard output open and goes on writing
# Suite: stdio
# Input: "1\n"
# Output: "2\n"
# Expect: failed
import os
import time

if os.fork() == 0:
    os.setsid()
    for _ in range(200):
        os.write(1, b"2\n")
        time.sleep(0.02)
    os._exit(0)
print(7, flush=True)
os._exit(0)
