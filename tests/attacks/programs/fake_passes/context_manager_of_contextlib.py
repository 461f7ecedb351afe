# Tries: swallow the tests' assertion in a generator-based context manager
# Test: with f(1) as value: assert value == 2
# Expect: failed error
import contextlib


@contextlib.contextmanager
def f(x):
    try:
        yield 7
    except BaseException:
        pass
