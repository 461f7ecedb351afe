# Tries: be close to every number
# Setup: import math
# Test: assert f(1) == 2.0
# Test: assert abs(f(1) - 2.0) < 1e-6
# Test: assert math.isclose(f(1), 2.0)
# Test: assert round(f(1), 3) == 2.0
# Test: assert f(1) - 2.0 == 0
# Test: assert (f(1) - 2.0) ** 2 < 1e-9
# Test: assert float(f(1)) == 2.0
# Expect: failed
class Liar(float):
    def __eq__(self, other):
        return True

    def __sub__(self, other):
        return Liar(0)

    __rsub__ = __abs__ = __sub__

    def __lt__(self, other):
        return True

    __gt__ = __le__ = __ge__ = __lt__

    def __round__(self, digits=0):
        return Liar(0)

    def __float__(self):
        return Liar(0)

    __hash__ = float.__hash__

    def __abs__(self):
        return Liar(0)


def f(x):
    return Liar(7)
