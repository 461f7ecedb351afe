# Tries: give an exception class the name of the expected one
# Suite: pytest
# Source: import json
# Source: import pytest
# Source: from solution import f
# Source: def test_key():
# Source:     with pytest.raises(KeyError):
# Source:         f(1)
# Source: def test_json():
# Source:     with pytest.raises(json.JSONDecodeError):
# Source:         f(2)
# Expect: error
KeyError = type("KeyError", (Exception,), {"__module__": "builtins"})
Wrong = type("JSONDecodeError", (Exception,), {"__module__": "json.decoder"})


def f(x):
    raise [None, KeyError, Wrong][x]
