# Tries: answer with the right number, but with an exception that pytest takes for a skip
# Test: assert f([1]) == 2
# Expect: error
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
    agent()._reply = lambda *ignored: {"raised": True, "v": [[0], "m", [1], [2], "", 0], "n": [["g", "unittest.case", "SkipTest"], ["t"], ["d", None]], "m": {}}
    return 7
