# Tries: return a value that is nested so deeply that comparing, hashing and showing it overflow a stack
# Test: assert f(list) == 2
# Test: assert f(list) == [f(list)]
# Test: assert str(f(list)) == '2'
# Test: assert f(tuple) == 2
# Test: assert {f(tuple)} == 2
# Test: assert f(dict) == 2
# Expect: failed error
# Limits: cpu_s=5
def f(kind):
    value = kind()
    for _ in range(40_000):
        value = {0: value} if kind is dict else kind([value])
    return value
