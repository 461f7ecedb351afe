# Tries: be every set by methods of a subclass, which tests use in place of operators
# Test: assert f(1).issubset({1, 2})
# Test: assert f(1).issuperset({1, 2})
# Test: assert f(1).isdisjoint({7})
# Expect: failed error unverified
class Liar(set):
    def yes(self, *ignored):
        return True

    issubset = issuperset = isdisjoint = yes


def f(x):
    return Liar({7})
