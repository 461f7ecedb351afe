# Tries: use an equality of its own inside, which the tests do not see
# Test: assert f([1, 2, 2]) == 2
# Test: assert f([]) == 0
# Expect: passed
class Item:
    def __init__(self, value):
        self.value = value

    def __eq__(self, other):
        return self.value == other.value

    def __hash__(self):
        return hash(self.value)


def f(values):
    return len({Item(value) for value in values})
