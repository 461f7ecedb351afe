# Tries: kill the parent, the tests and every process there is
# Test: assert f(1) == 2
# Expect: crashed failed
import os
import signal


def f(x):
    if os.getpid() > 1000:
        return "not in a process name space of its own"
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP, signal.SIGABRT):
        for process in [os.getppid(), 1, *range(2, 300)]:
            if process != os.getpid():
                try:
                    os.kill(process, number)
                except OSError:
                    continue
    return 7
