# Tries: use half of the time that it may
# Test: assert f() > 0
# Expect: passed
# Limits: cpu_s=2 wall_s=20
import time


def f():
    end = time.process_time() + 0.8
    count = 0
    while time.process_time() < end:
        count += 1
    return count
