# Tries: warn, log and write tracebacks to standard error
# Test: assert f(1) == 2
# Test: assert f('a') == 'a1'
# Expect: passed
import logging
import traceback
import warnings

logging.basicConfig(level=logging.DEBUG)
warnings.simplefilter("always")


def f(x):
    warnings.warn("careful", DeprecationWarning, stacklevel=2)
    logging.error("Traceback (most recent call last): AssertionError")
    try:
        return x + 1
    except TypeError:
        traceback.print_exc()
        return x + "1"
