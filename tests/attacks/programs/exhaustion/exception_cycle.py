# Tries: raise an exception that is its own cause, around groups of groups
# Test: assert f() == 2
# Expect: error
def f():
    error = ExceptionGroup("all", [ValueError("x")] * 1000)
    for _ in range(20):
        error = ExceptionGroup("all", [error])
    error.__cause__ = error.__context__ = error
    error.itself = [error]
    raise error
