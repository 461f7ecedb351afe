# Tries: stop itself, so that it uses no time and does not end
# Test: assert f() == 2
# Expect: timeout
# Limits: wall_s=1
import os
import signal


def f():
    os.kill(os.getpid(), signal.SIGSTOP)
    os.kill(0, signal.SIGTSTP)
    return 2
