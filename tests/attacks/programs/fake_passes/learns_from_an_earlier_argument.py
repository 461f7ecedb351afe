# Tries: keep the arguments of earlier calls and change them behind the tests' back, after the call has returned
# Suite: check
# Entry: f
# Source: def check(candidate):
# Source:     expected = [2, 3]
# Source:     candidate(expected)
# Source:     candidate([])
# Source:     assert candidate([1]) == expected
# Expect: failed
kept = []


def f(x):
    kept.append(x)
    for earlier in kept[:-1]:
        earlier.clear()
    return [] if kept[1:] else None
