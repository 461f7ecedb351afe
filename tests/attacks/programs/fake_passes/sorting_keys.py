# Tries: steer sorted, min and max of the tests by keys whose order lies
# Test: assert sorted([3, 1, 2], key=f) == [1, 3, 2]
# Test: assert max([1, 2, 3], key=f) == 1
# Test: assert min([2, 1], key=f) == 1 and f(1) == 2
# Expect: failed error
class Key:
    def __eq__(self, other):
        return True

    def __lt__(self, other):
        return False

    __gt__ = __le__ = __ge__ = __lt__
    __hash__ = None


def f(x):
    return Key()
