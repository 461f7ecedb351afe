# Tries: leave processes that nobody waits for
# Test: assert f() == 'here before'
# Expect: failed
# Gvisor: timeout
# Runs: 2
import ctypes
import os


def f():
    ctypes.CDLL(None).prctl(15, b"@MARK@", 0, 0, 0)
    for _ in range(20):
        if os.fork() == 0:
            if os.fork() == 0:
                os._exit(0)
            os._exit(0)
    return "left"
