# Tries: export __test__ = False, which makes pytest collect nothing
# Suite: pytest
# Source: from solution import *
# Source: def test():
# Source:     assert f(1) == 2
# Expect: failed error
__all__ = ["f", "__test__", "__name__", "__file__"]
__test__ = False


def f(x):
    return 7
