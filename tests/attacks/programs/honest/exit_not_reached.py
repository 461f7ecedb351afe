# Tries: hold an exit, an abort and a kill in branches that are not reached
# Test: assert f(1) == 2
# Test: assert f(2) == 3
# Expect: passed
import os
import sys


def f(x):
    if x < 0:
        sys.exit(1)
    if x > 100:
        os.abort()
    try:
        return x + 1
    finally:
        if x == 50:
            os.kill(os.getpid(), 9)
