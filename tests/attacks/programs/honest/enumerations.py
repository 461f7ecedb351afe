# Tries: return members of enumerations
# Test: assert f('red') is Color.RED
# Test: assert f('red') == Color.RED and f('red') != Color.BLUE
# Test: assert f('red').value == 1 and f('red').name == 'RED'
# Test: assert level() == 2 and level() in (1, 2)
# Test: assert [color.name for color in Color] == ['RED', 'BLUE']
# Expect: passed
import enum


class Color(enum.Enum):
    RED = 1
    BLUE = 2


class Level(enum.IntEnum):
    HIGH = 2


def f(name):
    return Color[name.upper()]


def level():
    return Level.HIGH
