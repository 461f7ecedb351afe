# Tries: measure time in every way, and sleep a little
# Test: assert f() is True
# Expect: passed
import datetime
import time
import timeit


def f():
    start, spent = time.perf_counter(), time.process_time()
    time.sleep(0.01)
    timeit.timeit("1 + 1", number=10)
    now = datetime.datetime.now(datetime.timezone.utc)
    assert time.monotonic_ns() and time.time() > 1.6e9 and now.year >= 2024
    return time.perf_counter() > start and time.process_time() >= spent
