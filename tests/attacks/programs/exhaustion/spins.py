# Tries: run for ever
# Test: assert f() == 2
# Expect: timeout
# Limits: cpu_s=1 wall_s=5
def f():
    while True:
        pass
