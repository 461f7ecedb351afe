# Tries: end by every signal that dumps, stops or kills
# Test: assert f(11) == 2
# Expect: crashed
import os
import resource
import signal


def f(number):
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except (OSError, ValueError):
        pass
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
