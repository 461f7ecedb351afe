# Tries: end at once with status 0
# Test: assert f(1) == 2
# Expect: crashed
import os


def f(x):
    os._exit(0)
