# Tries: compile source at run time that takes all memory or all stack
# Test: assert f(0) == 2
# Test: assert f(1) == 2
# Test: assert f(2) == 2
# Expect: error crashed memory_limit timeout
# Limits: cpu_s=3 memory_bytes=134217728
def f(x):
    source = ["(" * 10**5, "-" * 10**5 + "1", "a" + ".b" * 10**5][x]
    return eval(compile(source, "x", "eval"))
