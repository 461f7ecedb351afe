# Tries: print without end
# Test: assert f() == 2
# Expect: output_limit
# Limits: output_bytes=65536 cpu_s=2 wall_s=5
def f():
    for _ in range(10**6):
        print("x" * 1000)
    return 7
