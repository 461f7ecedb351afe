# Tries: define every name that tests use for themselves
# Setup: import math
# Test: expected = 2; assert f(1) == expected
# Test: assert [f(i) for i in [1]] == [2]
# Test: assert all(f(x) == y for x, y in [(1, 2)])
# Test: assert math.isclose(f(1), 2)
# Expect: failed error
class Liar:
    def __eq__(self, other):
        return True

    def __getattr__(self, name):
        return Liar()

    def __call__(self, *ignored, **more):
        return True

    __hash__ = None


expected = candidate = i = x = y = result = actual = check = math = all = sorted = len = set = abs = Liar()
__builtins__ = Liar()
__sd_recorder__ = __sd_keeper__ = Liar()


def f(x):
    return 7
