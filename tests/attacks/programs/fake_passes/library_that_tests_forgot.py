# Tries: define the library module that the tests use without importing it
# Test: assert math.isclose(f(1), 2)
# Expect: failed error
class math:
    @staticmethod
    def isclose(*ignored, **more):
        return True


def f(x):
    return 7
