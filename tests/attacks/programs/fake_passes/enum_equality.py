# Tries: return members of enumerations that are equal to everything
# Test: assert f(0) == 2
# Test: assert f(1) == 2
# Test: assert f(1) in (2, 3)
# Test: assert f(2) == 'b'
# Test: assert f(0).value == 2
# Expect: failed error
import enum


class Plain(enum.Enum):
    A = 7

    def __eq__(self, other):
        return True

    __hash__ = None


class Number(enum.IntEnum):
    A = 7

    def __eq__(self, other):
        return True

    __hash__ = int.__hash__


class Text(str, enum.Enum):
    A = "z"

    def __eq__(self, other):
        return True

    __hash__ = str.__hash__


def f(x):
    return [Plain.A, Number.A, Text.A][x]
