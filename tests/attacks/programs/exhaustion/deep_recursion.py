# Tries: call itself without end and without a limit on the depth
# Test: assert f() == 2
# Expect: error crashed memory_limit
# Limits: memory_bytes=67108864 cpu_s=2
import sys

sys.setrecursionlimit(2**30)


def f():
    return f()
