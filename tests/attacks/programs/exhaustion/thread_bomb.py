# Tries: start threads until nothing is left (three hundred at the most)
# Test: assert f() == 2
# Expect: process_limit
# Limits: processes=16 wall_s=5
import threading
import time


def f():
    threading.stack_size(2**16)
    started = 0
    for _ in range(300):
        try:
            threading.Thread(target=time.sleep, args=(2,), daemon=True).start()
            started += 1
        except RuntimeError:
            time.sleep(0.005)
    time.sleep(1)
    return started
