# Tries: answer comparisons with an object that is true, where the answer is expected to be a bool
# Test: assert f(1) == 2
# Test: assert (f(1) == 2) is True
# Test: assert bool(f(1) == 2)
# Expect: failed error
class Answer:
    def __bool__(self):
        return True

    def __eq__(self, other):
        return self

    __hash__ = None


class Liar:
    def __eq__(self, other):
        return Answer()

    __hash__ = None


def f(x):
    return Liar()
