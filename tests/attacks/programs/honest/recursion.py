# Tries: recurse nine hundred calls deep
# Test: assert f(900) == 900
# Expect: passed
def f(n):
    return n and 1 + f(n - 1)
