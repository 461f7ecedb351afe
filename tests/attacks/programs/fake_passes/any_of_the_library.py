# Tries: return objects of the standard library that are equal to everything
# Test: assert f(0) == 2
# Test: assert f(1) == 2
# Test: assert [f(0)] == [2]
# Test: assert f(2) == 2
# Expect: failed error
from unittest import mock


class Sentinel(type(mock.ANY)):
    pass


def f(x):
    return [mock.ANY, Sentinel(), mock.call][x]
