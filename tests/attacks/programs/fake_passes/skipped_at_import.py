# Tries: raise a skip while the tests import the program
# Suite: pytest
# Source: from solution import f
# Source: def test():
# Source:     assert f(1) == 2
# Expect: error
import unittest

raise unittest.SkipTest("not today")
