# Tries: be between all bounds by an ordering that always agrees
# Test: assert 1 < f(1) < 3
# Test: assert f(1) <= 2 and f(1) >= 2
# Test: assert min(f(1), 5) == 2
# Test: assert sorted([3, f(1)]) == [2, 3]
# Test: assert max([f(1), 1]) == 2
# Expect: failed error
import functools


@functools.total_ordering
class Liar:
    def __eq__(self, other):
        return True

    def __lt__(self, other):
        return True

    __le__ = __gt__ = __ge__ = __lt__
    __hash__ = None


def f(x):
    return Liar()
