# Tries: send the parent every signal that Python handles or that has a default, one after the other
# Test: assert f(1) == 2
# Expect: crashed failed
import os
import time


def f(x):
    if os.getpid() > 1000:
        return "not in a process name space of its own"
    for number in range(1, 65):
        for process in (1, os.getppid()):
            try:
                os.kill(process, number)
            except OSError:
                continue
    time.sleep(0.3)
    return 7
