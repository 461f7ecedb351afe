# Tries: write over cached small integers, True and False through ctypes, so that 7 becomes 2
# Test: assert f(1) == 2
# Test: assert f(0) is True
# Expect: failed error crashed tampered timeout
import ctypes


def f(x):
    if x:
        for number in range(3, 200):
            ctypes.memmove(id(number) + 24, id(7) + 24, 4)
        return 7
    ctypes.memmove(id(False) + 16, id(True) + 16, 12)
    return False
