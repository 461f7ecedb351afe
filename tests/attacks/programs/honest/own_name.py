# Tries: import itself by name, look itself up in sys.modules and pickle its own objects
# Test: assert f(1) == 2
# Test: assert g() == 3
# Expect: passed
import pickle
import sys


class Thing:
    def __init__(self, value):
        self.value = value


def f(x):
    import solution

    assert solution is sys.modules[__name__]
    return solution.helper(x)


def helper(x):
    return x + 1


def g():
    return pickle.loads(pickle.dumps(Thing(3))).value
