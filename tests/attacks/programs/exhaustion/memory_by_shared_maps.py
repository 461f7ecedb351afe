# Tries: take memory in shared maps of many processes, each below the limit
# Test: assert f() == 2
# Expect: memory_limit
# Limits: memory_bytes=67108864 wall_s=5
import mmap
import os
import time


def f():
    for _ in range(5):
        if os.fork() == 0:
            kept = mmap.mmap(-1, 2**25)
            for place in range(0, 2**25, 4096):
                kept[place] = 1
            time.sleep(2)
            os._exit(0)
    time.sleep(2)
    return 7
