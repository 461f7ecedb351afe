# Tries: tell tuples from lists, sets from frozen sets, ints from floats and bools
# Test: assert f() == (1, [2], {3}, frozenset({4}), 5.0, True, None, b'6')
# Test: assert [type(x).__name__ for x in f()] == ['int', 'list', 'set', 'frozenset', 'float', 'bool', 'NoneType', 'bytes']
# Test: assert type(f()) is tuple
# Expect: passed
def f():
    return 1, [2], {3}, frozenset({4}), 5.0, True, None, b"6"
