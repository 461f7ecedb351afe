# Tries: shield itself from the kernel's out-of-memory killer and from the end of its parent
# Test: assert f() == 'broken out'
# Expect: failed
# Actual: []
import ctypes
import os


def f():
    done = []
    for value in ("-1000", "-500", "-1"):
        try:
            with open("/proc/self/oom_score_adj", "w") as file:
                file.write(value)
            done.append(value)
        except OSError:
            continue
    libc = ctypes.CDLL(None)
    libc.prctl(1, 0, 0, 0, 0)
    libc.prctl(36, 1, 0, 0, 0)
    return done
