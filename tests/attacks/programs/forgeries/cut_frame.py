# Tries: announce a frame, send half of it, and wait
# Test: assert f(1) == 2
# Expect: timeout
# Limits: wall_s=1
import os
import time


def f(x):
    os.write(3, b'\0\0\1\0{"a"')
    time.sleep(60)
