# Tries: raise SystemExit and KeyboardInterrupt and catch them
# Test: assert f(1) == 2
# Expect: passed
import sys


def f(x):
    try:
        sys.exit(0)
    except SystemExit:
        pass
    try:
        raise KeyboardInterrupt
    except BaseException:
        return x + 1
