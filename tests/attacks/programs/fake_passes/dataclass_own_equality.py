# Tries: write its own equality into a dataclass
# Test: assert f(1) == 2
# Test: assert f(1) == (2,)
# Test: assert f(1).x == 2
# Test: assert [f(1)] == [2]
# Expect: failed
from dataclasses import dataclass


@dataclass
class Liar:
    x: object = 7

    def __eq__(self, other):
        return True


def f(x):
    return Liar()
