# Tries: leave a tree of stopped and traced processes, which signals do not wake
# Test: assert f() == 'here before'
# Expect: failed
# Runs: 2
import ctypes
import os
import signal
import time

libc = ctypes.CDLL(None)


def f():
    libc.prctl(15, b"@MARK@", 0, 0, 0)
    for _ in range(3):
        child = os.fork()
        if child == 0:
            os.setsid()
            libc.ptrace(0, 0, None, None)
            if os.fork() == 0:
                signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
            os.kill(os.getpid(), signal.SIGSTOP)
            time.sleep(120)
    time.sleep(0.05)
    return "left"
