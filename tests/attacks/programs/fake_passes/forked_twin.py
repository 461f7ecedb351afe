# Tries: answer from a forked twin with status 0, while the parent answers too
# Test: assert f(1) == 2
# Expect: failed
import os


def f(x):
    os.fork()
    return 7
