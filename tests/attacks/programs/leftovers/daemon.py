# Tries: leave a daemon behind by a double fork in a session of its own
# Test: assert f() == 'here before'
# Expect: failed
# Runs: 2
import ctypes
import os
import time


def f():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.chdir("/")
            os.closerange(0, 64)
            ctypes.CDLL(None).prctl(15, b"@MARK@", 0, 0, 0)
            time.sleep(120)
        os._exit(0)
    os.wait()
    return "left"
