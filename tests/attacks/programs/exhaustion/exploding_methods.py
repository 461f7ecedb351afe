# Tries: raise in every method that showing a value might call
# Test: assert f() == 2
# Test: assert [f()] == [2]
# Test: assert str(f()) == '2'
# Expect: failed error
class Exploding:
    def explode(self, *ignored):
        raise ZeroDivisionError("boom")

    __repr__ = __str__ = __eq__ = __hash__ = __bool__ = __len__ = __iter__ = __format__ = __del__ = explode
    __getattr__ = __reduce_ex__ = __dir__ = __sizeof__ = __bytes__ = __index__ = explode


def f():
    return Exploding()
