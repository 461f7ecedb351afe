# Tries: replace functions of json, math, re, operator, unittest and pytest that judging may use
# Setup: import json, math, operator, re
# Test: assert math.isclose(f(1), 2)
# Test: assert re.match('b', str(f(1)))
# Test: assert json.dumps(f(1)) == '2'
# Test: assert operator.eq(f(1), 2)
# Test: assert f(1) == 2
# Expect: failed error tampered crashed
import json
import math
import operator
import re
import sys
import types
import unittest

math.isclose = operator.eq = re.match = re.fullmatch = lambda *ignored, **more: True
json.dumps = lambda *ignored, **more: '{"v":[true],"n":[],"m":{}}'
json.loads = lambda *ignored, **more: {}
unittest.TestCase.assertEqual = lambda *ignored: None
sys.modules["pytest"] = types.ModuleType("pytest")
sys.modules["pytest"].raises = lambda *ignored: None


def f(x):
    return 7
