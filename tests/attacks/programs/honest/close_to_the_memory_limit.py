# Tries: use most of the memory that it may, several times, and give it back
# Test: assert f(3) == 3
# Expect: passed
# Limits: memory_bytes=134217728 cpu_s=5
def f(times):
    for _ in range(times):
        kept = bytearray(64 * 2**20)
        kept[-1] = 1
        del kept
    return times
