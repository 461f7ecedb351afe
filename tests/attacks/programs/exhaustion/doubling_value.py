# Tries: return a value that doubles at each level: small by reference, endless when shown
# Test: assert f(list) == 2
# Test: assert f(list) == f(list)
# Test: assert f(tuple) == 2
# Expect: failed error timeout
# Limits: wall_s=1
def f(kind):
    value = kind([1])
    for _ in range(64):
        value = kind([value, value])
    return value
