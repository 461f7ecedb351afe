# Tries: show itself for ever
# Test: assert f() == 2
# Expect: timeout failed
# Limits: cpu_s=1 wall_s=3
class Endless:
    def __repr__(self):
        while True:
            pass


def f():
    return Endless()
