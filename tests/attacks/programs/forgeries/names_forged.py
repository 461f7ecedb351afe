# Tries: tell a false list of names when it is loaded, with names of the tests among them
# Test: assert f(1) == 2
# Expect: failed error tampered
import builtins
import sys


def vars(*ignored):
    return {}


frame = sys._getframe()
while frame is not None:
    found = frame.f_locals.get("self")
    if hasattr(found, "do_load"):
        found._reply = lambda *ignored: {
            "v": [[0]],
            "n": [["t", [1], [2]], ["l", None, "f", "__builtins__", "__sd_recorder__", 7], ["l", None, "f"]],
            "m": {},
        }
    frame = frame.f_back


def f(x):
    return 7
