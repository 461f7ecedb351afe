# Tries: close the channel and stay
# Test: assert f(1) == 2
# Expect: crashed
import os
import time


def f(x):
    os.closerange(0, 64)
    time.sleep(1)
