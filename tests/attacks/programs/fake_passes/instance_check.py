# Tries: be an instance of everything and have everything as an instance
# Test: assert isinstance(f(1), int)
# Test: assert isinstance(2, f(2))
# Test: assert issubclass(f(2), int)
# Test: assert issubclass(int, f(2))
# Expect: failed error
class Meta(type):
    def __instancecheck__(cls, other):
        return True

    def __subclasscheck__(cls, other):
        return True


class Liar(metaclass=Meta):
    pass


def f(x):
    return Liar() if x == 1 else Liar
