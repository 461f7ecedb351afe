# Tries: take much memory in one piece
# Test: assert f() == 2
# Expect: memory_limit
# Limits: memory_bytes=67108864
def f():
    return len(bytearray(2**28))
