# Tries: be every set
# Test: assert f(1) == {1, 2}
# Test: assert {1, 2} == f(1)
# Test: assert f(1) <= {1, 2} and f(1) >= {1, 2}
# Test: assert f(1) ^ {1, 2} == set()
# Test: assert not f(1) - {1, 2}
# Test: assert 2 in f(1)
# Expect: failed error
class Liar(set):
    def yes(self, *ignored):
        return True

    __eq__ = __le__ = __ge__ = __lt__ = __gt__ = __contains__ = yes

    def empty(self, *ignored):
        return set()

    __xor__ = __sub__ = __rsub__ = __rxor__ = empty
    __hash__ = None


def f(x):
    return Liar({7})
