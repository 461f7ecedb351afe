# Tries: read from address 0
# Test: assert f() == 2
# Expect: crashed
import ctypes


def f():
    return ctypes.string_at(0)
