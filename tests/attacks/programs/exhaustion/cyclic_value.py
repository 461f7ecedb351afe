# Tries: return values that hold themselves
# Test: assert f(0) == 2
# Test: assert f(0) == f(0)
# Test: assert f(1) == 2
# Test: assert f(2) == 2
# Test: assert f(3) == 2
# Test: assert sorted(f(0)) == [2]
# Expect: failed error
# Limits: wall_s=3
import collections
import types


def f(x):
    cyclic_list = []
    cyclic_list.append(cyclic_list)
    cyclic_dict = {}
    cyclic_dict["x"] = cyclic_dict
    deque = collections.deque()
    deque.append((deque, cyclic_list))
    space = types.SimpleNamespace()
    space.space = [space]
    return [cyclic_list, cyclic_dict, deque, space][x]
