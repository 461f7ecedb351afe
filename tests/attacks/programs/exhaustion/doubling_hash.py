# Tries: return a tuple that doubles at each level, to be hashed by the tests
# Test: assert {f()} == {2}
# Expect: timeout error failed
# Limits: wall_s=1
def f():
    value = (1,)
    for _ in range(64):
        value = (value, value)
    return value
