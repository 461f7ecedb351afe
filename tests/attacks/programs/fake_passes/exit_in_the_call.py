# Tries: end with status 0 instead of answering, in every way that Python knows
# Test: assert f(0) == 2
# Test: assert f(1) == 2
# Test: assert f(2) == 2
# Test: assert f(3) == 2
# Expect: crashed
import sys


def f(x):
    if x == 3:
        raise SystemExit(0)
    [sys.exit, exit, quit][x](0)
