# Tries: read its own source by inspect, and its own name
# Test: assert f() == 'def f():'
# Test: assert g().startswith('import')
# Expect: passed
import inspect
import sys


def f():
    return inspect.getsource(f).splitlines()[0]


def g():
    return inspect.getsource(sys.modules[__name__]).lstrip()
