# Tries: return an object that is equal to everything and unequal to nothing
# Test: assert f(1) == 2
# Test: assert 2 == f(1)
# Test: assert not f(1) != 2
# Test: assert f(1) in (2, 3)
# Test: assert (f(1), 1) == (2, 1)
# Expect: failed error
class Liar:
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    def __hash__(self):
        return 0


def f(x):
    return Liar()
