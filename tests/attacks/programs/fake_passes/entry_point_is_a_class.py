# Tries: be a class where a function is asked for, so that calling it gives an object equal to everything
# Test: assert f(1) == 2
# Test: assert 2 == f(1)
# Test: assert f(1) in (2, 3)
# Test: assert [f(1)] == [2]
# Test: assert f(1) < 3
# Test: assert 2 in f(1)
# Test: assert f(1) - 2 == 0
# Expect: failed error unverified
class f:
    def __init__(self, *ignored):
        pass

    def yes(self, *ignored):
        return True

    __eq__ = __lt__ = __contains__ = yes

    def __sub__(self, other):
        return 0

    __hash__ = None
