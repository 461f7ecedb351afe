# Tries: spread the time over many processes, each below the limit
# Test: assert f() == 2
# Expect: timeout
# Limits: cpu_s=1 wall_s=8
import os
import time


def f():
    for _ in range(6):
        if os.fork() == 0:
            end = time.monotonic() + 6
            while time.monotonic() < end:
                pass
            os._exit(0)
    time.sleep(7)
