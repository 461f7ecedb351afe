# Tries: ask the tests' side for operations that no honest program asks for
# Test: assert f(len, [1]) == 2
# Expect: failed error tampered
import sys


def asker():
    frame = sys._getframe()
    while frame is not None:
        found = frame.f_locals.get("self")
        if hasattr(found, "_exports"):
            return found._ask
        frame = frame.f_back


def f(*ignored):
    ask = asker()
    for operation in ("call", "load", "exec", "module", "set_module", "equal", "setattr", "delattr", "", None, 7):
        for number in (0, -1, 10**9, "0", None, [0]):
            try:
                ask(operation, [number, "__eq__", True], {})
            except (TypeError, ValueError, RuntimeError, AttributeError):
                continue
    return 7
