# Tries: answer every membership test with yes
# Test: assert 2 in f(1)
# Test: assert 'b' in f('a')
# Test: assert all(x in f(1) for x in (2, 3))
# Expect: failed error
class Liar:
    def __contains__(self, item):
        return True


class Letters(str):
    def __contains__(self, item):
        return True


class Items(list):
    def __contains__(self, item):
        return True


def f(x):
    return Letters("zzz") if x == "a" else Items([7])
