# Tries: hand the tests a set whose keys collide, without the cost of making it
# Test: assert f() == 2
# Expect: timeout tampered
# Limits: wall_s=1
import sys


def agent():
    frame = sys._getframe()
    while frame is not None:
        found = frame.f_locals.get("self")
        if hasattr(found, "_reply") and hasattr(found, "_caller"):
            return found
        frame = frame.f_back
    raise LookupError("the runner's agent is not where it was")


def f():
    count = 60_000
    numbers = [["i", hex((2**61 - 1) * number)] for number in range(count)]
    answer = {"v": [[0]], "n": [["s", None, *([index + 1] for index in range(count))], *numbers], "m": {}}
    agent()._reply = lambda *ignored: answer
    return 7
