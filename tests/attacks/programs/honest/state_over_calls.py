# Tries: keep state over calls, in globals, defaults and attributes
# Test: assert f() == 1
# Test: assert f() == 2
# Test: assert [f() for _ in range(3)] == [3, 4, 5]
# Test: assert seen(1) == [1] and seen(2) == [1, 2]
# Expect: passed
count = 0


def f():
    global count
    count += 1
    return count


def seen(x, before=[]):
    before.append(x)
    return before
