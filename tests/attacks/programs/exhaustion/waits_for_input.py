# Tries: wait for input, for a signal and for a lock that never come
# Test: assert f() == 2
# Expect: timeout
# Limits: wall_s=1
import sys
import threading


def f():
    sys.stdin.read()
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()
