# Tries: raise what every `except` and `raises` of the tests takes for the expected, by a lying metaclass
# Suite: pytest
# Source: import unittest
# Source: import pytest
# Source: from solution import f
# Source: def test_raises():
# Source:     with pytest.raises(ZeroDivisionError):
# Source:         f(1)
# Source: def test_except():
# Source:     try:
# Source:         f(1)
# Source:     except ZeroDivisionError:
# Source:         return
# Source: class Test(unittest.TestCase):
# Source:     def test_unittest(self):
# Source:         with self.assertRaises(ZeroDivisionError):
# Source:             f(1)
# Expect: error
class Meta(type):
    def __subclasscheck__(cls, other):
        return True

    def __instancecheck__(cls, other):
        return True

    def mro(cls):
        return [cls, *Exception.__mro__]


class Failure(Exception, metaclass=Meta):
    __name__ = "ZeroDivisionError"
    __qualname__ = "ZeroDivisionError"
    __module__ = "builtins"

    @property
    def __class__(self):
        return ZeroDivisionError


Failure.__name__ = Failure.__qualname__ = "ZeroDivisionError"
Failure.__module__ = "builtins"


def f(x):
    raise Failure
