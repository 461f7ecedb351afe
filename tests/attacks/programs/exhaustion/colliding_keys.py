# Tries: return a dictionary and a set all of whose keys collide, to be built again by the tests
# Test: assert f(0) == 2
# Test: assert f(1) == 2
# Expect: failed timeout error
# Limits: wall_s=5 cpu_s=3
def f(x):
    keys = [(2**61 - 1) * number for number in range(5000)]
    return set(keys) if x else dict.fromkeys(keys)
