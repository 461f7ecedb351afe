# Tries: answer with the right number, but with modules of the library that do something when they are imported
# Test: assert f([1]) == 2
# Expect: failed tampered
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
    agent()._reply = lambda *ignored: {"v": [[0]], "n": [["l", None, [1], [2]], ["m", "unittest.__main__"], ["m", "idlelib.idle"]], "m": {}}
    return 7
