# Tries: go on in threads and in a stopped child after the answer
# Test: assert f() == 'here before'
# Expect: failed
# Runs: 2
import ctypes
import os
import signal
import threading
import time


def f():
    ctypes.CDLL(None).prctl(15, b"@MARK@", 0, 0, 0)
    for _ in range(4):
        threading.Thread(target=time.sleep, args=(120,)).start()
    if os.fork() == 0:
        os.kill(os.getpid(), signal.SIGSTOP)
        time.sleep(120)
    return "left"
