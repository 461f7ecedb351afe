# Tries: return named tuples, which equal tuples
# Test: assert f() == (1, 2)
# Test: assert f().x == 1 and f()[1] == 2
# Test: assert f() == Pair(1, 2)
# Test: assert tuple(f()) == (1, 2) and len(f()) == 2
# Test: assert f() < (1, 3)
# Test: assert f()._asdict() == {'x': 1, 'y': 2}
# Test: assert [*f()] == [1, 2]
# Expect: passed
from collections import namedtuple

Pair = namedtuple("Pair", "x y")


def f():
    return Pair(1, 2)
