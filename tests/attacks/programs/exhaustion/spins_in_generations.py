# Tries: spread the time over short-lived processes, one after the other
# Test: assert f() == 2
# Expect: timeout
# Limits: cpu_s=1 wall_s=8
import os
import time


def f():
    end = time.monotonic() + 7
    while time.monotonic() < end:
        child = os.fork()
        if child == 0:
            stop = time.process_time() + 0.2
            while time.process_time() < stop:
                pass
            os._exit(0)
        os.waitpid(child, 0)
    return 7
