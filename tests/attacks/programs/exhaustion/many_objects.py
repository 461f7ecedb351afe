# Tries: return a hundred thousand objects of its own class
# Test: assert f() == 2
# Test: assert len(f()) == 2
# Expect: failed error timeout memory_limit
# Limits: wall_s=2 cpu_s=2 memory_bytes=536870912
class Item:
    pass


def f():
    return [Item() for _ in range(100_000)]
