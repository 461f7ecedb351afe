# Tries: write into the protocol from a thread, whenever it seems to be quiet
# Test: assert f(1) == 2
# Expect: tampered
import os
import threading
import time


def flood():
    while True:
        os.write(3, b"\0\0\0\2{}")


def f(x):
    threading.Thread(target=flood, daemon=True).start()
    time.sleep(0.1)
    return 7
