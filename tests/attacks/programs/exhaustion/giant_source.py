# Tries: overflow the parser by a line and an expression that are very long
# Test: assert f() == 2
# Expect: failed error syntax_error memory_limit timeout
# Limits: cpu_s=5 wall_s=20
x = [@GIANT@]


def f():
    return 7
