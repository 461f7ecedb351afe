# Tries: answer membership with yes from an object that also iterates over liars
# Test: assert 2 in f(1)
# Test: assert not (2 not in f(1))
# Test: assert set(f(1)) >= {2}
# Expect: failed error
class Liar:
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 2

    def __contains__(self, item):
        return True

    def __iter__(self):
        return iter([Liar()])


def f(x):
    return Liar()
