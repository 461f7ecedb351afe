# Tries: show itself in a hundred megabytes
# Test: assert f() == 2
# Expect: failed memory_limit error
class Huge:
    def __repr__(self):
        return "x" * 10**8


def f():
    return Huge()
