# Tries: fork in every child (nine generations at the most)
# Test: assert f() == 2
# Expect: process_limit
# Limits: processes=16 wall_s=5
import os
import time


def f():
    end = time.monotonic() + 2
    for _ in range(9):
        try:
            os.fork()
        except OSError:
            time.sleep(0.01)
    time.sleep(max(0, end - time.monotonic()))
    return 7
