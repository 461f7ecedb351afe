# Tries: return the floats that are not numbers, not finite, or zero with a sign
# Setup: import math
# Test: assert math.isnan(f('nan')) and f('nan') != f('nan')
# Test: assert f('inf') == math.inf and -f('inf') == -math.inf
# Test: assert math.copysign(1, f('-0.0')) == -1.0
# Test: assert str(f('-0.0')) == '-0.0'
# Test: assert f('5e-324') == 5e-324
# Test: assert f('1.7976931348623157e308') * 10 == math.inf
# Test: assert f('0.1') == 0.1 and f('1') is not True
# Expect: passed
def f(text):
    return float(text)
