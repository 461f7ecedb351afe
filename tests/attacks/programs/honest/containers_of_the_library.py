# Tries: return containers of the standard library
# Setup: from collections import Counter, OrderedDict, defaultdict, deque
# Test: assert f(0) == Counter('aab') and f(0).most_common(1) == [('a', 2)]
# Test: assert f(1) == deque([1, 2]) and f(1).maxlen == 2
# Test: assert f(2) == {'a': [1]} and isinstance(f(2), dict) and f(2)['new'] == []
# Test: assert list(f(3)) == ['b', 'a'] and f(3) == OrderedDict(b=1, a=2)
# Test: assert list(f(4)) == ['x'] and f(5) == bytearray(b'x') and f(6) == range(3)
# Test: assert f(7).tolist() == [1, 2] and f(8) == slice(1, 2)
# Expect: passed
import array
from collections import Counter, OrderedDict, defaultdict, deque


def lists():
    found = defaultdict(list)
    found["a"].append(1)
    return found


def f(x):
    return [
        Counter("aab"),
        deque([0, 1, 2], maxlen=2),
        lists(),
        OrderedDict(b=1, a=2),
        {"x": 1}.keys(),
        bytearray(b"x"),
        range(3),
        array.array("i", [1, 2]),
        slice(1, 2),
    ][x]
