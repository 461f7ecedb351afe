# Tries: reach the tests' globals through a function and a generator that they pass
# Setup: SECRET = 'c0ffee-4711'
# Setup: def hook(x): return x
# Test: assert f(hook) == SECRET
# Test: assert f(x for x in [SECRET]) == SECRET + '!'
# Test: assert f(lambda: SECRET[:0]) == SECRET
# Expect: failed error tampered
import sys

NAMES = ("__globals__", "__closure__", "__code__", "gi_frame", "__self__", "__func__", "__builtins__", "__dict__")


def asker():
    frame = sys._getframe()
    while frame is not None:
        found = frame.f_locals.get("self")
        if hasattr(found, "_exports"):
            return found._ask
        frame = frame.f_back


def f(hook):
    ask = asker()
    for name in NAMES:
        for number in (0, 1, 2, -1):
            for operation, values in (
                ("getattr", [number, name]),
                ("operate", [number, "__getattribute__", (name,)]),
                ("operate", [number, "__reduce__", ()]),
            ):
                try:
                    found = ask(operation, values, {})
                    return found["SECRET"] if isinstance(found, dict) else repr(found)
                except BaseException:
                    continue
    return "nothing"
