# Tries: answer differently each time: comparisons, iterations, attributes and hashes by turns
# Test: assert f(1) == 2 or f(1) == 2
# Test: assert list(f(1)) == [2] or list(f(1)) == [2]
# Test: assert f(1).value == 2 or f(1).value == 2
# Test: assert f(1) == f(1) == 2
# Expect: failed error
turns = 0


class Liar:
    def __eq__(self, other):
        global turns
        turns += 1
        return turns % 2 == 0

    def __iter__(self):
        global turns
        turns += 1
        return iter([Liar()] * (turns % 3))

    def __getattr__(self, name):
        return Liar()

    def __hash__(self):
        global turns
        turns += 1
        return turns


value = Liar()


def f(x):
    return value
