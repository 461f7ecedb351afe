# Tries: return functions, methods, partials and callables that the tests call
# Test: assert f(2)(3) == 5
# Test: assert f(2)(-2) == 0
# Test: assert [g(3) for g in adders(2)] == [3, 4]
# Test: assert compose(f(1), f(2))(0) == 3
# Test: assert partial()(10) == 8
# Test: assert Counter().add(2).add(3).total == 5
# Expect: passed
import functools


def f(x):
    def add(y):
        return x + y

    return add


def adders(n):
    return [lambda y, x=x: x + y for x in range(n)]


def compose(*functions):
    return lambda x: functools.reduce(lambda value, function: function(value), functions, x)


def partial():
    return functools.partial(pow, 2, exp=3) if False else functools.partial(lambda a, b: a ** 3 if b == 10 else 0, 2)


class Counter:
    def __init__(self):
        self.total = 0

    def add(self, n):
        self.total += n
        return self
