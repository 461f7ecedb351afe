# Tries: raise the recursion limit and recurse ten thousand calls deep
# Test: assert f(10_000) == 10_000
# Expect: passed
import sys

sys.setrecursionlimit(50_000)


def f(n):
    return n and 1 + f(n - 1)
