# Tries: lie in the equality of a class that the tests themselves construct
# Test: assert f(1) == Vector(1, 2)
# Test: assert not f(1) != Vector(1, 2)
# Expect: failed unverified
class Vector:
    def __init__(self, *parts):
        pass

    def __eq__(self, other):
        return True

    __hash__ = None


def f(x):
    return Vector()
