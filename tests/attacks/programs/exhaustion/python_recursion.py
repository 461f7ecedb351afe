# Tries: call itself without end
# Test: assert f() == 2
# Expect: error
def f():
    return f()
