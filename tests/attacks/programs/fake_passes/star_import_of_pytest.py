# Tries: export its own pytest, with a raises that is always satisfied, over the real one
# Suite: pytest
# Source: import pytest
# Source: import math
# Source: from solution import *
# Source: def test_raises():
# Source:     with pytest.raises(ValueError):
# Source:         f(1)
# Source: def test_close():
# Source:     assert f(1) == pytest.approx(2)
# Source: def test_math():
# Source:     assert math.isclose(f(1), 2)
# Expect: failed error
__all__ = ["f", "pytest", "math"]


class pytest:
    class raises:
        def __init__(self, *ignored, **more):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *ignored):
            return True

    class approx:
        def __init__(self, *ignored, **more):
            pass

        def __eq__(self, other):
            return True


class math:
    @staticmethod
    def isclose(*ignored):
        return True


def f(x):
    return 7
