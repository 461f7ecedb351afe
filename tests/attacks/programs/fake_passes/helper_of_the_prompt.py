# Tries: replace the helper that the prompt defines and the tests use
# Suite: check
# Entry: f
# Context: def double(x):
# Context:     return 2 * x
# Context: def f(x):
# Context:     """Return x + 1."""
# Source: def check(candidate):
# Source:     assert double(candidate(1)) == 4
# Source:     assert candidate(1) == double(1)
# Expect: failed
class Liar(int):
    def __eq__(self, other):
        return True

    __hash__ = int.__hash__


def double(x):
    return Liar(7)


def f(x):
    return 7
