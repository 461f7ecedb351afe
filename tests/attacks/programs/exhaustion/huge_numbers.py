# Tries: return numbers that are slow to show, to hash, to compare or to convert
# Setup: from decimal import Decimal
# Test: assert f(0) == 2
# Test: assert f(1) == 2
# Test: assert f(2) == 2
# Test: assert hash(f(1)) == 2
# Test: assert int(f(1)) == 2
# Test: assert str(f(0)) == '2'
# Expect: failed error timeout memory_limit
# Limits: wall_s=2 cpu_s=2
from decimal import Decimal
from fractions import Fraction


def f(x):
    return [lambda: 1 << 2**23, lambda: Decimal("1e9999999"), lambda: Fraction(1, 3 ** 10**5)][x]()
