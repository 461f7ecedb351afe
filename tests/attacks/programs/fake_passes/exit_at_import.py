# Tries: end with status 0 before any test runs
# Test: assert f(1) == 2
# Expect: crashed
import sys

sys.exit(0)
