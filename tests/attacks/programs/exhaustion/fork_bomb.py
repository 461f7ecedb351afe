# Tries: fork until nothing is left (a few hundred times at the most)
# Test: assert f() == 2
# Expect: process_limit
# Limits: processes=16 wall_s=5
import os
import time


def f():
    end = time.monotonic() + 2
    for _ in range(200):
        try:
            if os.fork() == 0:
                time.sleep(max(0, end - time.monotonic()))
                os._exit(0)
        except OSError:
            time.sleep(0.01)
    time.sleep(2)
    return 7
