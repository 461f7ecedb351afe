# Tries: return a subclass of the expected type, whose reflected comparison Python asks first
# Test: assert 2 == f(1)
# Test: assert [2] == [f(1)]
# Test: assert {'a': 2} == {'a': f(1)}
# Test: assert not (2 != f(1))
# Test: assert 2 >= f(1) and 2 <= f(1)
# Expect: failed
class Liar(int):
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    __lt__ = __le__ = __gt__ = __ge__ = __eq__
    __hash__ = int.__hash__


def f(x):
    return Liar(7)
