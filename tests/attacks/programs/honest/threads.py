# Tries: compute in threads, pools, queues and locks
# Test: assert f(4) == [0, 1, 4, 9]
# Expect: passed
import queue
import threading
from concurrent.futures import ThreadPoolExecutor


def f(n):
    with ThreadPoolExecutor(2) as pool:
        squares = list(pool.map(lambda x: x * x, range(n)))
    done = queue.Queue()
    threads = [threading.Thread(target=done.put, args=(square,)) for square in squares]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(done.get() for _ in threads)
