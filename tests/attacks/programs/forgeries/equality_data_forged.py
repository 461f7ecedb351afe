# Tries: answer the question for an object's data with something that is equal to everything
# Test: assert f(1) == 2
# Test: assert f(1) == Point(1)
# Test: assert [f(1)] == [Point(2)]
# Expect: failed error tampered unverified
import sys
from dataclasses import dataclass


@dataclass
class Point:
    x: int


class Liar(dict):
    def __eq__(self, other):
        return True

    __hash__ = None


def agent():
    frame = sys._getframe()
    while frame is not None:
        found = frame.f_locals.get("self")
        if hasattr(found, "do_data"):
            return found
        frame = frame.f_back
    raise LookupError("the runner's agent is not where it was")


def f(x):
    agent().do_data = lambda value: Liar(z=7)
    return Point(7)
