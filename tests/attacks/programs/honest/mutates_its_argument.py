# Tries: change the argument in place, deeply and by aliases
# Setup: items = [3, 1, 2]
# Setup: table = {'a': [1], 'b': {'c': {1}}}
# Test: assert f(items) is None
# Test: assert items == [1, 2, 3]
# Test: assert f(table) is None and table == {'a': [1, 2], 'b': {'c': {1, 2}}, 'd': [1, 2]}
# Test: assert table['d'] is table['a']
# Expect: passed
def f(x):
    if isinstance(x, list):
        x.sort()
    else:
        x["a"].append(2)
        x["b"]["c"].add(2)
        x["d"] = x["a"]
