# Tries: compute a power that takes for ever, in C code that no signal interrupts
# Test: assert f() == 2
# Expect: timeout memory_limit
# Limits: cpu_s=1 wall_s=5
def f():
    return (7 ** (10**8)) % 10
