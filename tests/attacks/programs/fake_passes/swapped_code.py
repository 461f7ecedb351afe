# Tries: swap the code of every function in the process that compares, judges or reports
# Test: assert f(1) == 2
# Test: assert f([1]) == [2]
# Expect: failed error tampered crashed
import gc
import types

NAMES = ("equal", "judge", "verdict", "compare", "check", "do_equal", "is_standard", "equality", "data", "_reply", "item")


def yes(*ignored, **more):
    return True


for value in gc.get_objects():
    if isinstance(value, types.FunctionType) and value.__name__ in NAMES and not value.__closure__:
        value.__code__ = yes.__code__


def f(x):
    return 7
