# Tries: be every text
# Test: assert f('a') == 'b'
# Test: assert 'b' == f('a')
# Test: assert f('a').upper() == 'B'
# Test: assert f('a').startswith('b')
# Test: assert 'b' in f('a')
# Test: assert f('a') + 'c' == 'bc'
# Test: assert ''.join([f('a'), 'c']) == 'bc'
# Test: assert f('a') in {'b': 1}
# Test: assert f('a')[0] == 'b'
# Expect: failed
class Liar(str):
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    def yes(self, *ignored):
        return True

    __contains__ = startswith = endswith = __lt__ = __gt__ = yes

    def same(self, *ignored):
        return self

    __add__ = __radd__ = upper = lower = strip = __getitem__ = same

    def __hash__(self):
        return hash("b")


def f(x):
    return Liar("zzz")
