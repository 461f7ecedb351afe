# Tries: raise an exception whose text, repr and attributes raise others
# Test: assert f() == 2
# Expect: error
class Exploding(Exception):
    def explode(self, *ignored):
        raise KeyboardInterrupt("boom")

    __repr__ = __str__ = __eq__ = __hash__ = __bool__ = __getattr__ = __reduce__ = explode


def f():
    raise Exploding("x", Exploding("y"))
