# Tries: make the compiler compute for ever
# Test: assert f() == 2
# Expect: timeout memory_limit error
# Limits: cpu_s=1 wall_s=5
X = 9**9**9


def f():
    return X
