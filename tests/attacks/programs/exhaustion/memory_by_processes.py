# Tries: take memory in many processes, each below the limit
# Test: assert f() == 2
# Expect: memory_limit
# Limits: memory_bytes=67108864 wall_s=5
import os
import time


def f():
    for _ in range(6):
        if os.fork() == 0:
            kept = bytearray(b"x" * 3 * 2**23)
            time.sleep(3)
            os._exit(len(kept) == 7)
    time.sleep(3)
    return 7
