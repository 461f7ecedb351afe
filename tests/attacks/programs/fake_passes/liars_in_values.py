# Tries: hide liars in dates, fractions, slices, ranges and partial functions
# Setup: import datetime, fractions
# Test: assert f(0) == datetime.date(2024, 1, 1)
# Test: assert f(1) == fractions.Fraction(1, 2)
# Test: assert f(2) == slice(2)
# Test: assert f(3) == range(2)
# Test: assert f(4)() == 2
# Test: assert f(5) == datetime.timedelta(2)
# Expect: failed error
import datetime
import fractions
import functools


def lying(base):
    class Liar(base):
        def __eq__(self, other):
            return True

        __hash__ = None

    return Liar


class Int(int):
    def __eq__(self, other):
        return True

    __hash__ = int.__hash__


def f(x):
    return [
        lambda: lying(datetime.date)(1999, 1, 1),
        lambda: lying(fractions.Fraction)(7, 3),
        lambda: slice(Int(7)),
        lambda: range(Int(7)),
        lambda: functools.partial(Int, 7),
        lambda: lying(datetime.timedelta)(7),
    ][x]()
