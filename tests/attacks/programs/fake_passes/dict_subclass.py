# Tries: be every dictionary, with a get that gives what is asked for
# Test: assert f(1) == {'a': 2}
# Test: assert {'a': 2} == f(1)
# Test: assert f(1)['a'] == 2
# Test: assert f(1).get('a') == 2
# Test: assert dict(f(1)) == {'a': 2}
# Test: assert sorted(f(1).items()) == [('a', 2)]
# Test: assert f(1).keys() == {'a'}
# Test: assert f(1) | {} == {'a': 2}
# Expect: failed error
class Any(str):
    def __eq__(self, other):
        return True

    __hash__ = str.__hash__


class Liar(dict):
    def __eq__(self, other):
        return True

    def __getitem__(self, key):
        return Any()

    def get(self, *ignored):
        return Any()

    __missing__ = __getitem__

    def keys(self):
        return Any()

    def items(self):
        return [(Any(), Any())]

    def __or__(self, other):
        return self

    def __contains__(self, key):
        return True

    __hash__ = None


def f(x):
    return Liar(z=7)
