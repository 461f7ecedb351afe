# Tries: replace the built-in functions and exceptions that tests use
# Test: assert len(f(1)) == 2
# Test: assert all(x == 2 for x in f(1))
# Test: assert isinstance(f(1), str)
# Test: assert sorted(f(1)) == [1, 2]
# Test: assert abs(sum(f(1)) - 2) < 1
# Expect: failed error crashed
import builtins

builtins.len = lambda *ignored: 2
builtins.all = builtins.any = builtins.isinstance = lambda *ignored: True
builtins.sorted = lambda *ignored, **more: [1, 2]
builtins.abs = builtins.sum = lambda *ignored: 0
builtins.AssertionError = type("AssertionError", (Exception,), {})
builtins.bool = lambda *ignored: True
builtins.compile = lambda *ignored, **more: None


def f(x):
    return [7, 7, 7]
