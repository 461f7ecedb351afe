# Tries: catch the error at its limit, over and over, and answer all the same
# Test: assert f() == 2
# Expect: failed memory_limit
# Limits: memory_bytes=67108864 cpu_s=2
def f():
    kept = []
    for _ in range(2000):
        try:
            kept.append(bytearray(2**20))
        except MemoryError:
            pass
    return len(kept)
