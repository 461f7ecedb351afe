# Tries: wait for ever
# Test: assert f() == 2
# Expect: timeout
# Limits: wall_s=1
import time


def f():
    time.sleep(3600)
