# Tries: raise the exceptions that the tests expect, built in and its own, with causes, arguments and notes
# Suite: pytest
# Source: import json
# Source: import pytest
# Source: from solution import TooMuch, f
# Source: @pytest.mark.parametrize(('x', 'kind'), [(0, ZeroDivisionError), (1, KeyError), (2, StopIteration), (3, RecursionError), (4, json.JSONDecodeError), (5, AssertionError), (6, SystemExit), (7, KeyboardInterrupt), (8, NotImplementedError)])
# Source: def test_kind(x, kind):
# Source:     with pytest.raises(kind):
# Source:         f(x)
# Source: def test_own():
# Source:     with pytest.raises(TooMuch, match='^too much: 7$') as caught:
# Source:         f(9)
# Source:     assert caught.value.amount == 7 and isinstance(caught.value, ValueError)
# Source: def test_base():
# Source:     with pytest.raises(ValueError):
# Source:         f(9)
# Source: def test_arguments():
# Source:     with pytest.raises(KeyError) as caught:
# Source:         f(1)
# Source:     assert caught.value.args == ('missing',)
# Expect: passed
import json


class TooMuch(ValueError):
    def __init__(self, amount, *, unit=""):
        super().__init__(f"too much: {amount}{unit}")
        self.amount = amount


def stop():
    raise StopIteration


def f(x):
    if x == 0:
        return 1 / 0
    if x == 1:
        return {}["missing"]
    if x == 2:
        return next(iter([]))
    if x == 3:
        return f(x)
    if x == 4:
        return json.loads("{")
    if x == 5:
        assert x != 5, "five"
    if x == 6:
        raise SystemExit(3)
    if x == 7:
        raise KeyboardInterrupt
    if x == 8:
        raise NotImplementedError
    raise TooMuch(7) from ValueError("cause")
