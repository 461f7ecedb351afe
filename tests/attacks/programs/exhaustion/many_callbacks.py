# Tries: call back into the tests without end
# Test: assert f(lambda x: x) == 2
# Expect: timeout
# Limits: wall_s=2 cpu_s=1
def f(callback):
    while True:
        callback(1)
