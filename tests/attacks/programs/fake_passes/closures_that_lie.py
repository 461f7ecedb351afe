# Tries: return functions, partials and callables whose results lie
# Test: assert f(1)(3) == 4
# Test: assert f(2)(3) == 4
# Test: assert f(3)(3) == 4
# Test: assert list(map(f(1), [3])) == [4]
# Test: assert f(1) == f(2)
# Test: assert f(1).__name__ == 'add'
# Expect: failed error
import functools


class Liar(int):
    def __eq__(self, other):
        return True

    __hash__ = int.__hash__


class Call:
    __name__ = "call"

    def __call__(self, x):
        return Liar(7)


def f(x):
    return [None, lambda y: Liar(7), functools.partial(Liar), Call()][x]
