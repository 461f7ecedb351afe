# Tries: return nothing at all, where nothing is expected
# Test: assert f(1) is None
# Test: assert f(0) == None
# Test: assert not f('')
# Expect: passed
def f(x):
    x
