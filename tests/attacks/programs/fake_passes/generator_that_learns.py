# Tries: learn from what a test sends into a generator, and answer with it
# Suite: check
# Entry: f
# Source: def check(candidate):
# Source:     generator = candidate(1)
# Source:     assert next(generator) == 2
# Source:     assert generator.send(5) == 7
# Expect: failed
class Liar:
    def __eq__(self, other):
        return True

    __hash__ = None


def f(x):
    got = yield Liar()
    while True:
        got = yield got
