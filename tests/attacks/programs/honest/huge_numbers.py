# Tries: return numbers of many thousand digits
# Test: assert f(10_000) == 2 ** 10_000
# Test: assert f(64) == 18446744073709551616 and -f(64) < 0
# Test: assert f(63) - 1 == 2 ** 63 - 1
# Test: assert (f(100_000) - 1).bit_length() == 100_000
# Expect: passed
def f(n):
    return 1 << n
