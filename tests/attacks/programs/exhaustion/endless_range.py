# Tries: return a small value that stands for an endless one: ranges, repetitions
# Test: assert list(f(1)) == [2]
# Test: assert sum(f(1)) == 2
# Expect: timeout memory_limit error
# Limits: wall_s=2 cpu_s=1
def f(x):
    return range(10**15)
