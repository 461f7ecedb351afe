# Tries: overflow the stack by a repr that calls itself through C, each call dearer than the one before
# Test: assert f() == 2
# Expect: error crashed timeout
# Limits: cpu_s=3
import sys

sys.setrecursionlimit(2**30)


class Deep:
    def __repr__(self):
        return repr([self])

    __str__ = __repr__


def f():
    return repr(Deep())
