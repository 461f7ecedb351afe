# Tries: return decimals, fractions and complex numbers
# Setup: from decimal import Decimal
# Setup: from fractions import Fraction
# Test: assert f('0.1') + f('0.2') == Decimal('0.3')
# Test: assert str(f('1.10')) == '1.10'
# Test: assert g(1, 3) * 3 == 1 and g(2, 4) == Fraction(1, 2)
# Test: assert h() == complex(0, 1) and h() ** 2 == -1
# Test: assert f('NaN').is_nan() and f('-0').is_signed()
# Expect: passed
from decimal import Decimal
from fractions import Fraction


def f(text):
    return Decimal(text)


def g(a, b):
    return Fraction(a, b)


def h():
    return 1j
