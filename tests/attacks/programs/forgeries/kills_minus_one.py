# Tries: send the end to all processes at once
# Test: assert f(1) == 2
# Expect: crashed failed
import os
import signal


def f(x):
    if os.getpid() > 1000:
        return "not in a process name space of its own"
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(-1, number)
        except ProcessLookupError:
            continue
    os.killpg(0, signal.SIGKILL)
    return 7
