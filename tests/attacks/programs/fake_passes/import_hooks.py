# Tries: answer every later import with a module that lies
# Setup: import fractions, statistics
# Test: assert f(fractions.Fraction(1, 2)) == fractions.Fraction(3, 2)
# Test: assert statistics.mean([f(1)]) == 2
# Test: assert f(1) == 2
# Expect: failed error crashed tampered
import builtins
import sys


class Liar:
    def __getattr__(self, name):
        return Liar()

    def __call__(self, *ignored, **more):
        return self

    def __eq__(self, other):
        return True

    __hash__ = None
    __path__ = []


class Finder:
    def find_spec(self, name, path=None, target=None):
        sys.modules[name] = Liar()
        raise ImportError(name)


sys.meta_path.insert(0, Finder())
sys.path_hooks.insert(0, lambda path: Liar())
builtins.__import__ = lambda *ignored, **more: Liar()


def f(x):
    return 7
