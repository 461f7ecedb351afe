# Tries: raise AssertionErrors whose text, class and traceback look like something else
# Test: assert f(1) == 2
# Test: assert f(2) == 2
# Test: assert f(3) == 2
# Expect: error crashed
class Quiet(AssertionError):
    def __str__(self):
        raise SystemExit(0)


class Loud(AssertionError):
    def __repr__(self):
        raise KeyboardInterrupt

    def __bool__(self):
        return False


def f(x):
    raise [None, AssertionError, Quiet, Loud][x]
