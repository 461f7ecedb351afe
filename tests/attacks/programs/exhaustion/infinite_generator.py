# Tries: yield for ever to tests that take everything
# Test: assert list(f(1)) == [2]
# Expect: timeout memory_limit
# Limits: wall_s=2 cpu_s=1
def f(x):
    while True:
        yield x
