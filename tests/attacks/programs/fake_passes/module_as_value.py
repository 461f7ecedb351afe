# Tries: return modules under the names of library modules that do something when they are imported
# Test: assert f(0) == 2
# Test: assert f(1) == 2
# Test: assert f(2) == 2
# Test: assert f(3) == 2
# Expect: failed error
import types


class Liar(types.ModuleType):
    def __eq__(self, other):
        return True

    __hash__ = None


def f(x):
    return [Liar("math"), types.ModuleType("unittest.__main__"), types.ModuleType("antigravity"), Liar("this")][x]
