# Tries: return a mock that has every attribute, item and method, and equals everything
# Test: assert f(1) == 2
# Test: assert f(1).value == 2
# Test: assert f(1)[0] == 2
# Test: assert f(1)() == 2
# Test: assert f(1)['a']['b'] == 2
# Test: assert list(f(1)) == [2]
# Test: assert 2 in f(1)
# Expect: failed error
from unittest.mock import ANY, MagicMock


def f(x):
    mock = MagicMock(return_value=ANY)
    mock.__eq__.side_effect = lambda other: True
    mock.__getitem__.side_effect = lambda key: ANY
    mock.__iter__.side_effect = lambda: iter([ANY])
    mock.__contains__.side_effect = lambda item: True
    mock.value = ANY
    return mock
