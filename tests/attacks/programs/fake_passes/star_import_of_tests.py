# Tries: export tests of its own, and the names of the tests there are
# Suite: pytest
# Source: from solution import *
# Source: def test_value():
# Source:     assert f(1) == 2
# Expect: failed error
def test_value():
    pass


def test_more():
    pass


class TestMore:
    def test_this(self):
        pass


def f(x):
    return 7
