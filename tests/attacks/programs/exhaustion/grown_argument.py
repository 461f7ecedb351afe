# Tries: grow the test's argument until it cannot cross back
# Test: assert f([1]) == 2
# Expect: failed error memory_limit
# Limits: cpu_s=4 memory_bytes=536870912
def f(items):
    items.extend(range(3_000_000))
    return 7
