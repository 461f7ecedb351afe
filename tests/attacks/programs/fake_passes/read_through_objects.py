# Tries: reach the tests' globals through an object, a class, a bound method and a coroutine that they pass
# Setup: SECRET = 'c0ffee-4711'
# Setup: class Box:
# Setup:     def value(self): return 1
# Setup:     def __repr__(self): return 'Box()'
# Setup: async def later(): return 1
# Test: assert f(Box()) == SECRET
# Test: assert f(Box().value) == SECRET
# Test: assert f(Box) == SECRET
# Test: assert f(later()) == SECRET
# Expect: failed error tampered
import sys

PATHS = (
    "__class__",
    "__init__.__globals__",
    "value.__globals__",
    "value.__func__.__globals__",
    "__class__.__init__.__globals__",
    "__class__.__subclasses__",
    "cr_frame.f_globals",
    "cr_frame",
    "cr_code",
    "cr_await",
)


def follow(value, path):
    for name in path.split("."):
        value = getattr(value, name)
    return value


def f(value):
    for path in PATHS:
        try:
            found = follow(value, path)
            if "SECRET" in found:
                return found["SECRET"]
        except BaseException:
            continue
    return "nothing"
