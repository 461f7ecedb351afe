# Tries: be a subclass of int where a function is asked for
# Test: assert f(1) == 2
# Test: assert 2 == f(1)
# Test: assert f(1) < 3
# Expect: failed error unverified
class f(int):
    def __new__(cls, x):
        return int.__new__(cls, 7)

    def yes(self, *ignored):
        return True

    __eq__ = __lt__ = yes
    __hash__ = int.__hash__
