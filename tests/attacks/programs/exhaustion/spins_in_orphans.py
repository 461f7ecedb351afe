# Tries: spread the time over orphans, each started by the one before, in sessions of their own
# Test: assert f() == 2
# Expect: timeout
# Limits: cpu_s=1 wall_s=6
import os
import time


def f():
    end = time.monotonic() + 4
    if os.fork() == 0:
        while time.monotonic() < end:
            os.setsid()
            stop = time.process_time() + 0.2
            while time.process_time() < stop:
                pass
            if os.fork():
                os._exit(0)
        os._exit(0)
    time.sleep(4.2)
