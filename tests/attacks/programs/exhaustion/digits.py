# Tries: turn a huge number into decimal digits
# Test: assert f() == 2
# Expect: timeout
# Limits: cpu_s=1 wall_s=5
import sys


def f():
    sys.set_int_max_str_digits(0)
    return len(str(1 << (2**25)))
