# Tries: return values that share parts and hold themselves
# Test: assert f(0)[0] is f(0)[1] or f(0)[0] == f(0)[1] == [1]
# Test: assert g()[0] == [1] and g()[1] is not g()
# Test: assert g()[1][0] == [1] and len(g()[1]) == 2
# Test: assert linked(3) == (1, (2, (3, None)))
# Test: assert len(deep(5000)) == 1
# Expect: passed
def f(x):
    part = [1]
    return [part, part]


def g():
    loop = [[1]]
    loop.append(loop)
    return loop


def linked(n):
    found = None
    for number in range(n, 0, -1):
        found = (number, found)
    return found


def deep(n):
    value = []
    for _ in range(n):
        value = [value]
    return value
