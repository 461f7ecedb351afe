# Tries: print a lot, below the limit, on both streams
# Test: assert f(1) == 2
# Test: assert f(2) == 3
# Expect: passed
import sys


def f(x):
    for number in range(500):
        print("status: passed", number, {"verdict": "failed"})
        print("\x1b[0m\0\xff", file=sys.stderr)
    return x + 1
