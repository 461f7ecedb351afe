# Tries: call a function of the tests that asserts, swallow what it raises, and go on
# Suite: check
# Entry: f
# Source: def check(candidate):
# Source:     seen = []
# Source:     def visit(value):
# Source:         assert value in (1, 2)
# Source:         seen.append(value)
# Source:     candidate(visit)
# Source:     assert seen == [1, 2]
# Expect: failed
def f(visit):
    for value in (7, 8):
        try:
            visit(value)
        except BaseException:
            pass
