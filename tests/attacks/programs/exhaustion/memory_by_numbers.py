# Tries: take memory by shifting a number
# Test: assert f() == 2
# Expect: memory_limit
# Limits: memory_bytes=67108864
def f():
    return (1 << 2**31) & 1
