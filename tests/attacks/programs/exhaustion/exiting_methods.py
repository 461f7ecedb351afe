# Tries: end or stop the process when its value is shown
# Test: assert f() == 2
# Test: assert f() == 3
# Expect: failed crashed timeout
# Limits: wall_s=1
import os
import signal


class Ending:
    def __repr__(self):
        os.kill(os.getpid(), signal.SIGSTOP)

    __str__ = __repr__


def f():
    return Ending()
