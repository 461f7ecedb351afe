# Tries: take memory by files that live in memory alone and are mapped by nobody
# Test: assert f() == 2
# Expect: memory_limit scratch_limit error
# Limits: memory_bytes=67108864 wall_s=5
import os
import time


def f():
    kept = []
    for _ in range(24):
        kept.append(os.memfd_create("x"))
        written = 0
        while written < 7 * 2**20:
            written += os.write(kept[-1], b"x" * 2**20)
    time.sleep(0.5)
    return sum(os.fstat(number).st_size for number in kept)
