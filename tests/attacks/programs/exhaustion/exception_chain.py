# Tries: raise an exception with a very long chain of causes
# Test: assert f() == 2
# Expect: error
def f():
    error = ValueError("first")
    for number in range(20_000):
        following = ValueError(number)
        following.__cause__ = following.__context__ = error
        error = following
    raise error
