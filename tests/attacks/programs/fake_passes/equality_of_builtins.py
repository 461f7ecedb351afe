# Tries: change the comparison slots of built-in types through ctypes and gc
# Test: assert f(1) == 2
# Test: assert f(2) == [2]
# Expect: failed error crashed tampered
import ctypes
import gc


def f(x):
    names = gc.get_referents(int.__dict__)[0]
    names["__eq__"] = lambda self, other: True
    names["__hash__"] = lambda self: 0
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(int))
    return 7 if x == 1 else [7]
