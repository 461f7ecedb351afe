# Tries: close every descriptor while it is loaded
# Test: assert f(1) == 2
# Expect: crashed
import os

os.closerange(0, 256)


def f(x):
    return 7
