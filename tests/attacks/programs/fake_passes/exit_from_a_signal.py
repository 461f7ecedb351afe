# Tries: end with status 0 from a signal handler, whatever signal ends the run
# Test: assert f(1) == 2
# Expect: crashed
import os
import signal

for number in range(1, 65):
    try:
        signal.signal(number, lambda *ignored: os._exit(0))
    except (OSError, ValueError):
        pass


def f(x):
    os.kill(os.getpid(), signal.SIGTERM)
    signal.raise_signal(signal.SIGALRM)
    return 7
