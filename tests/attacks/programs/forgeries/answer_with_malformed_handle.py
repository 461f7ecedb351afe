# Tries: answer with the right number, but with an object whose handle is a text
# Test: assert f([1]) == 2
# Expect: tampered failed
import sys


def agent():
    frame = sys._getframe()
    while frame is not None:
        found = frame.f_locals.get("self")
        if hasattr(found, "_reply") and hasattr(found, "_caller"):
            return found
        frame = frame.f_back
    raise LookupError("the runner's agent is not where it was")


def f(x):
    agent()._reply = lambda *ignored: {"v": [[0]], "n": [["h", "0", [1], None, ""], ["k", 1, "L", "", "__eq__ __bool__", "own", ""]], "m": {}}
    return 7
