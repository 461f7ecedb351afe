# Tries: take the places of modules in sys.modules, its own and the runner's
# Test: assert f(1) == 2
# Test: assert f([1]) == [2]
# Expect: failed error tampered crashed
import sys


class Liar:
    def __getattr__(self, name):
        return Liar()

    def __call__(self, *ignored, **more):
        return True

    def __eq__(self, other):
        return True

    __hash__ = None


for name in list(sys.modules):
    if "runner" in name or name in ("solution", "json", "operator", "socket"):
        sys.modules[name] = Liar()


def f(x):
    return 7
