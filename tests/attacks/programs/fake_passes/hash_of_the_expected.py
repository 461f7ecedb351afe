# Tries: be found in sets and dictionaries by a hash that follows small numbers
# Test: assert {f(1)} == {2}
# Test: assert f(1) in {2}
# Test: assert {f(1): 'x'} == {2: 'x'}
# Test: assert {2: 'x'}[f(1)] == 'x'
# Test: assert len({f(1), 2}) == 1
# Expect: failed error
class Liar:
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 2


def f(x):
    return Liar()
