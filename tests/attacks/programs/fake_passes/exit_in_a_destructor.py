# Tries: end in __del__, in a weak reference's callback, in __str__ and in a hash
# Test: assert f(0) == 2
# Expect: crashed failed
import os
import weakref


class Dying:
    def __del__(self):
        os._exit(0)

    def __repr__(self):
        os._exit(0)

    __str__ = __hash__ = __eq__ = __repr__


def f(x):
    dying = Dying()
    weakref.finalize(dying, os._exit, 0)
    return {"a": [dying]}
