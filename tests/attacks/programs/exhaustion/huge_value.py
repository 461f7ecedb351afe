# Tries: return more than can cross
# Test: assert f() == 2
# Expect: error memory_limit
def f():
    return "x" * 40_000_000
