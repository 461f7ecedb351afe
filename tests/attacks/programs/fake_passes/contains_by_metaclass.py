# Tries: return a class whose metaclass answers every membership test with yes
# Test: assert 2 in f(1)
# Test: assert not (2 not in f(1))
# Expect: failed error
class Meta(type):
    def __contains__(cls, item):
        return True

    def __eq__(cls, other):
        return True

    __hash__ = type.__hash__


class Liar(metaclass=Meta):
    pass


def f(x):
    return Liar
