# Tries: take much memory while it is loaded
# Test: assert f() == 2
# Expect: memory_limit
# Limits: memory_bytes=67108864
kept = [bytearray(2**22) for _ in range(60)]


def f():
    return 7
