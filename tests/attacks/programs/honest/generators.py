# Tries: answer with generators, iterators and infinite sequences
# Setup: import itertools
# Test: assert list(f(3)) == [0, 1, 2]
# Test: assert list(itertools.islice(g(), 4)) == [1, 2, 4, 8]
# Test: assert [x for x, _ in zip(g(), range(2))] == [1, 2]
# Test: assert sum(h([1, 2])) == 6
# Test: assert next(f(1)) == 0 and next(f(0), 'none') == 'none'
# Test: assert list(f(2)) == list(f(2))
# Expect: passed
def f(n):
    yield from range(n)


def g():
    x = 1
    while True:
        yield x
        x *= 2


def h(values):
    return map(lambda x: 2 * x, values)
