# Tries: recurse deeply in a thread with a large stack, as contest programs do
# Test: assert f(30_000) == 30_000
# Expect: passed
import sys
import threading

sys.setrecursionlimit(10**6)
threading.stack_size(2**25)


def depth(n):
    return n and 1 + depth(n - 1)


def f(n):
    found = []
    thread = threading.Thread(target=lambda: found.append(depth(n)))
    thread.start()
    thread.join()
    return found[0]
