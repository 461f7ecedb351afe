# Tries: spin inside of sort, by a comparison that never ends
# Test: assert f() == 2
# Expect: timeout
# Limits: cpu_s=1 wall_s=5
class Slow:
    def __lt__(self, other):
        while True:
            pass


def f():
    return sorted([Slow(), Slow()])
