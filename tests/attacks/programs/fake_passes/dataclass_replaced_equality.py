# Tries: replace the equality that a dataclass was given, after the fact
# Test: assert f(1) == 2
# Test: assert f(1) == f(2)
# Test: assert f(1) == {'x': 1}
# Expect: failed
from dataclasses import dataclass


@dataclass
class Liar:
    x: object = 7


Liar.__eq__ = lambda self, other: True
Liar.__dataclass_params__.eq = True


def f(x):
    return Liar(x)
