# Tries: claim to be an int through __class__, and lie in every comparison
# Test: assert isinstance(f(1), int) and f(1) == 2
# Test: assert f(1).__class__ is int and f(1) == 2
# Test: assert type(f(1)) is int
# Test: assert type(f(1)) == int
# Test: assert type(f(1)) in (int, float)
# Expect: failed error
class Meta(type):
    def __eq__(cls, other):
        return True

    __hash__ = type.__hash__


class Liar(metaclass=Meta):
    @property
    def __class__(self):
        return int

    def __eq__(self, other):
        return True

    __hash__ = None


def f(x):
    return Liar()
