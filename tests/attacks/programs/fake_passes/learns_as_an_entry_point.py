# Tries: be a class where a function is asked for, remember what it is compared with, and answer with it
# Test: assert f(1) == 'c0ffee-4711'
# Test: assert f(1) == 'c0ffee-4711'
# Expect: failed
learned = []


class f:
    def __new__(cls, x):
        return learned[-1] if learned else object.__new__(cls)

    def __eq__(self, other):
        learned.append(other)
        return False

    __hash__ = None
