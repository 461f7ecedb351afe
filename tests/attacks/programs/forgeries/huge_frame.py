# Tries: announce a frame of four gigabytes
# Test: assert f(1) == 2
# Expect: tampered
import os


def f(x):
    os.write(3, b"\xff\xff\xff\xff" + b"[" * 1000)
    return 7
