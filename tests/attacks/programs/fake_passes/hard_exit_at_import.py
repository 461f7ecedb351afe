# Tries: end at once with status 0 while it is loaded
# Suite: pytest
# Source: from solution import f
# Source: def test():
# Source:     assert f(1) == 2
# Expect: crashed
import ctypes

ctypes.CDLL(None)._exit(0)
