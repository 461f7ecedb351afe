# Tries: raise what a test framework takes for "skip", "expected" or "stop"
# Suite: pytest
# Source: import unittest
# Source: from solution import f
# Source: import pytest
# Source: @pytest.mark.parametrize('n', range(6))
# Source: def test_each(n):
# Source:     assert f(n) == 2
# Source: class Test(unittest.TestCase):
# Source:     def test_all(self):
# Source:         for n in range(6):
# Source:             with self.subTest(n):
# Source:                 self.assertEqual(f(n), 2)
# Expect: error crashed
import asyncio
import unittest

Skipped = type("Skipped", (BaseException,), {"__module__": "_pytest.outcomes", "msg": "", "allow_module_level": True})
Stop = type("Exit", (BaseException,), {"__module__": "_pytest.outcomes", "msg": "", "returncode": 0})


def f(x):
    raise [unittest.SkipTest, Skipped, Stop, KeyboardInterrupt, GeneratorExit, asyncio.CancelledError][x]
