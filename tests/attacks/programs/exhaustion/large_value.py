# Tries: return a list of a million numbers, to be shown in a message
# Test: assert f() == 2
# Expect: failed memory_limit error
# Limits: cpu_s=5 memory_bytes=536870912
def f():
    return list(range(10**6))
