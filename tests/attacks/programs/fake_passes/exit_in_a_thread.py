# Tries: end with status 0 from another thread while the answer is on its way
# Test: assert f(1) == 2
# Test: assert f(2) == 3
# Expect: failed crashed
import os
import threading
import time


def later():
    time.sleep(0.05)
    os._exit(0)


def f(x):
    threading.Thread(target=later).start()
    time.sleep(0.03)
    return 7
