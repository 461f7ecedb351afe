# Tries: break the protocol with a frame that holds anything else
# Test: assert f(1) == 2
# Expect: tampered
import os


def f(x):
    os.write(3, b"\0\0\0\4#\xff\xff#")
    return 7
