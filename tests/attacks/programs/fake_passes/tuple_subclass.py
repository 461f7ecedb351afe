# Tries: be every tuple, also as a named one
# Test: assert f(1) == (2, 3)
# Test: assert (2, 3) == f(1)
# Test: assert tuple(f(1)) == (2, 3)
# Test: assert f(1) < (2, 4) and f(1) > (2, 2)
# Test: assert (2, 3) in [f(1)]
# Test: assert f(1).x == 2
# Expect: failed error
import collections


class Any:
    def __eq__(self, other):
        return True

    __hash__ = None


class Liar(collections.namedtuple("Liar", "x y")):
    def yes(self, other):
        return True

    __eq__ = __lt__ = __gt__ = __le__ = __ge__ = yes

    def __iter__(self):
        return iter((Any(), Any()))

    def __hash__(self):
        return hash((2, 3))


def f(x):
    return Liar(Any(), Any())
