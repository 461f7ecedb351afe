# Tries: yield values that are equal to everything
# Test: assert list(f(1)) == [2, 3]
# Test: assert next(f(1)) == 2
# Test: assert sorted(f(1)) == [2, 3]
# Test: assert set(f(1)) == {2, 3}
# Test: assert sum(f(1)) == 5
# Test: assert dict(zip('ab', f(1))) == {'a': 2, 'b': 3}
# Test: assert 2 in f(1)
# Expect: failed error
class Liar(int):
    def __eq__(self, other):
        return True

    def __add__(self, other):
        return self

    __radd__ = __add__

    def __lt__(self, other):
        return True

    def __hash__(self):
        return 2


def f(x):
    yield Liar(7)
    yield Liar(8)
