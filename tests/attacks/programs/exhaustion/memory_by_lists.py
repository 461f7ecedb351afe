# Tries: take memory by lists that grow
# Test: assert f() == 2
# Expect: memory_limit
# Limits: memory_bytes=67108864
def f():
    kept = []
    for _ in range(300):
        kept.append([0] * 2**17)
    return 7
