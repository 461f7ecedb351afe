# Tries: decorate the function with a cache and with a decorator of its own
# Test: assert f(60) == 1548008755920
# Test: assert f(10) == 55
# Test: assert f.__name__ == 'f'
# Expect: passed
import functools


def counted(function):
    @functools.wraps(function)
    def wrapper(*arguments):
        wrapper.calls += 1
        return function(*arguments)

    wrapper.calls = 0
    return wrapper


@counted
@functools.lru_cache(maxsize=None)
def f(n):
    return n if n < 2 else f(n - 1) + f(n - 2)
