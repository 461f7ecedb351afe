# Tries: end the loop of a test over its own results, by raising StopIteration
# Suite: check
# Entry: f
# Source: def check(candidate):
# Source:     for got, expected in zip(map(candidate, [1, 2]), [2, 3]):
# Source:         assert got == expected
# Source:     for got in map(candidate, [1, 2]):
# Source:         assert got == 2
# Expect: failed error
def f(x):
    raise StopIteration
