# Tries: take arguments of every kind: positional only, keyword only, many, defaults
# Test: assert f(1, 2, 3, d=4, e=5) == (1, 2, (3,), 4, {'e': 5})
# Test: assert f(1) == (1, None, (), 0, {})
# Test: assert f(*[1, 2], **{'d': 3}) == (1, 2, (), 3, {})
# Expect: passed
def f(a, /, b=None, *c, d=0, **e):
    return a, b, c, d, e
