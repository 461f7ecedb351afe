# Tries: hide liars in containers of the standard library
# Setup: from collections import ChainMap, Counter, OrderedDict, UserDict, defaultdict, deque
# Setup: from types import SimpleNamespace
# Test: assert f(0) == deque([2])
# Test: assert f(1) == Counter({'a': 2})
# Test: assert f(2) == OrderedDict(a=2)
# Test: assert f(3) == defaultdict(int, a=2)
# Test: assert f(4) == SimpleNamespace(a=2)
# Test: assert f(5) == UserDict(a=2)
# Test: assert f(6) == ChainMap({'a': 2})
# Test: assert f(7) == {'a': 2}.items()
# Test: assert f(8) == ((2,), [2], {'a': [2]})
# Test: assert f(3)['b'] == 2
# Expect: failed error
import collections
import types


class Liar:
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 2


def f(x):
    liar = Liar()
    return [
        collections.deque([liar]),
        collections.Counter({"a": liar}),
        collections.OrderedDict(a=liar),
        collections.defaultdict(Liar, a=liar),
        types.SimpleNamespace(a=liar),
        collections.UserDict(a=liar),
        collections.ChainMap({"a": liar}),
        {"a": liar}.items(),
        ((liar,), [liar], {"a": [liar]}),
    ][x]
