# Tries: let the parent end with status 0 and a child go on
# Test: assert f(1) == 2
# Expect: crashed
import os


def f(x):
    if os.fork():
        os._exit(0)
    return 7
