# Tries: return a class whose metaclass makes every operator lie
# Test: assert f(1) == 2
# Test: assert 2 == f(1)
# Test: assert f(1) < 3
# Test: assert f(1) - 2 == 0
# Test: assert len(f(1)) == 2
# Test: assert list(f(1)) == [2]
# Test: assert f(1)[0] == 2
# Expect: failed error
class Meta(type):
    def yes(cls, *ignored):
        return True

    def zero(cls, *ignored):
        return 0

    __eq__ = __lt__ = __gt__ = __le__ = __ge__ = __contains__ = yes
    __sub__ = __rsub__ = __len__ = zero
    __hash__ = type.__hash__

    def __iter__(cls):
        return iter([cls])

    def __getitem__(cls, key):
        return cls


class Liar(metaclass=Meta):
    pass


def f(x):
    return Liar
