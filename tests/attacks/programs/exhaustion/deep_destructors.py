# Tries: overflow the stack when a long chain of objects is destroyed
# Test: assert f() == 2
# Expect: failed crashed
# Limits: cpu_s=3
class Link:
    def __init__(self, before):
        self.before = before

    def __del__(self):
        self.before = None


def f():
    chain = None
    for _ in range(200_000):
        chain = Link(chain)
    del chain
    return 7
