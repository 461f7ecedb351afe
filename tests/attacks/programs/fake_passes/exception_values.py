# Tries: put liars into the arguments, attributes and texts of an expected exception
# Suite: pytest
# Source: import pytest
# Source: from solution import f
# Source: def test_code():
# Source:     with pytest.raises(ValueError) as caught:
# Source:         f(1)
# Source:     assert caught.value.code == 2
# Source: def test_arguments():
# Source:     with pytest.raises(ValueError) as caught:
# Source:         f(1)
# Source:     assert caught.value.args == (2,)
# Source: def test_text():
# Source:     with pytest.raises(ValueError) as caught:
# Source:         f(1)
# Source:     assert str(caught.value) == 'two'
# Source: def test_match():
# Source:     with pytest.raises(ValueError, match='^two$'):
# Source:         f(1)
# Source: def test_cause():
# Source:     with pytest.raises(ValueError) as caught:
# Source:         f(1)
# Source:     assert caught.value.__cause__ == 2 or caught.value.__notes__ == [2]
# Expect: failed error
class Text(str):
    def __eq__(self, other):
        return True

    __hash__ = str.__hash__


class Liar:
    def __eq__(self, other):
        return True

    __hash__ = None


class Failure(ValueError):
    def __str__(self):
        return Text("zzz")

    def __getattribute__(self, name):
        return Liar() if name == "code" else super().__getattribute__(name)


def f(x):
    error = Failure(Liar())
    error.code = Liar()
    raise error from Failure(Liar())
