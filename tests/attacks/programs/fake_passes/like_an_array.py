# Tries: look like a numpy array: comparisons give an object whose all() and any() are true
# Test: assert (f(1) == [2, 3]).all()
# Test: assert all(f(1) == [2, 3])
# Test: assert (f(1) - 2 == 0).any()
# Test: assert f(1).tolist() == [2, 3]
# Expect: failed error
class Array:
    __array_priority__ = 1000
    shape = (2,)
    ndim = 1

    def __eq__(self, other):
        return self

    def __sub__(self, other):
        return self

    def __iter__(self):
        return iter([True, True])

    def __array__(self, *ignored):
        return self

    def __array_ufunc__(self, *ignored, **more):
        return True

    def all(self):
        return True

    any = all

    def tolist(self):
        return self

    __hash__ = None


def f(x):
    return Array()
