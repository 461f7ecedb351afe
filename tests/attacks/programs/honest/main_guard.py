# Tries: have a main block that reads input and exits, and must not run
# Test: assert f(1) == 2
# Test: assert f.__module__ == 'solution'
# Expect: passed
import sys


def f(x):
    return x + 1


if __name__ == "__main__":
    print(f(int(input())))
    sys.exit(1)
