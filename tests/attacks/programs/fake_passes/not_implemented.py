# Tries: return the singletons that comparisons treat in a special way
# Test: assert f(0) == 2
# Test: assert f(1) == 2
# Test: assert f(2) == 2
# Test: assert (f(0) == 2) is NotImplemented
# Expect: failed error
def f(x):
    return [NotImplemented, ..., float("nan")][x]
