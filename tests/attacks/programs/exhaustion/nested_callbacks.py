# Tries: call back so deeply, to and fro, that a stack overflows
# Suite: check
# Entry: f
# Source: def check(candidate):
# Source:     def back(depth):
# Source:         return candidate(back, depth + 1)
# Source:     assert candidate(back, 0) == 2
# Expect: error timeout crashed
# Gvisor: tampered
# Limits: wall_s=4 cpu_s=2
def f(back, depth):
    return back(depth)
