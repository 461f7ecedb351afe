# Tries: answer with the right number, but with a table of nodes without end
# Test: assert f([1]) == 2
# Expect: tampered error timeout
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
    agent()._reply = lambda *ignored: {"v": [[0]], "n": [["l", None]] * 2_100_000, "m": {}}
    return 7
