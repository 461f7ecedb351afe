# Tries: be a class whose operators the tests use, which the verdict tells
# Test: assert Vector(1, 2) + Vector(1, 1) == Vector(2, 3)
# Test: assert Vector(1, 2) != Vector(2, 1)
# Test: assert Vector(1, 2) * 2 == Vector(2, 4)
# Test: assert repr(Vector(1, 2)) == 'Vector(1, 2)'
# Test: assert abs(Vector(3, 4)) == 5.0 and len(Vector(1, 2)) == 2 and list(Vector(1, 2)) == [1, 2]
# Test: assert Vector(1, 2) < Vector(2, 2) and 1 in Vector(1, 2)
# Expect: passed unverified
import functools
import math


@functools.total_ordering
class Vector:
    def __init__(self, *parts):
        self.parts = parts

    def __add__(self, other):
        return Vector(*(a + b for a, b in zip(self.parts, other.parts)))

    def __mul__(self, factor):
        return Vector(*(factor * part for part in self.parts))

    def __eq__(self, other):
        return self.parts == other.parts

    def __lt__(self, other):
        return self.parts < other.parts

    def __hash__(self):
        return hash(self.parts)

    def __abs__(self):
        return math.hypot(*self.parts)

    def __len__(self):
        return len(self.parts)

    def __iter__(self):
        return iter(self.parts)

    def __repr__(self):
        return f"Vector{self.parts}"
