# Tries: be every bytes object and every frozen set
# Test: assert f(1) == b'ab'
# Test: assert b'a' in f(1)
# Test: assert f(1) + b'c' == b'abc'
# Test: assert f(2) == frozenset({1, 2})
# Test: assert 1 in f(2)
# Test: assert {f(2)} == {frozenset({1, 2})}
# Expect: failed error
class Bytes(bytes):
    def yes(self, *ignored):
        return True

    __eq__ = __contains__ = yes

    def __add__(self, other):
        return self

    def __hash__(self):
        return hash(b"ab")


class Frozen(frozenset):
    def yes(self, *ignored):
        return True

    __eq__ = __contains__ = yes

    def __hash__(self):
        return hash(frozenset({1, 2}))


def f(x):
    return Bytes(b"zz") if x == 1 else Frozen({7})
