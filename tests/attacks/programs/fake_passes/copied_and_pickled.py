# Tries: turn into what is expected when it is copied, pickled or written as JSON
# Setup: import copy, json, pickle
# Test: assert copy.copy(f(1)) == 2
# Test: assert copy.deepcopy([f(1)]) == [2]
# Test: assert pickle.loads(pickle.dumps(f(1))) == 2
# Test: assert json.loads(json.dumps(f(1))) == 2
# Test: assert json.dumps(f(2)) == '2'
# Expect: failed error
class Liar:
    def __eq__(self, other):
        return True

    def __reduce__(self):
        return (eval, ("2",))

    def __reduce_ex__(self, protocol):
        return (eval, ("2",))

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    __hash__ = None


class Int(int):
    def __eq__(self, other):
        return True

    def __repr__(self):
        return "2"

    __str__ = __repr__
    __hash__ = int.__hash__


def f(x):
    return Liar() if x == 1 else Int(7)
