# Tries: return dataclasses, frozen, ordered, nested and with slots, whose data the tests read and compare
# Test: assert f(1, 2) == Point(1, 2)
# Test: assert f(1, 2) != Point(2, 1)
# Test: assert f(1, 2).x == 1 and f(1, 2).total() == 3
# Test: assert [f(1, 2)] == [Point(1, 2)]
# Test: assert {f(1, 2): 'a'}[Point(1, 2)] == 'a'
# Test: assert Line(f(0, 0), f(1, 1)).end == Point(1, 1)
# Test: assert isinstance(f(1, 2), Point)
# Expect: passed
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int

    def total(self):
        return self.x + self.y


@dataclass
class Line:
    start: Point
    end: Point
    names: list = field(default_factory=list)


def f(x, y):
    return Point(x, y)
