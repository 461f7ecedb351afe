# Tries: parametrize every test with nothing, so that pytest skips it
# Suite: pytest
# Source: import pytest
# Source: from solution import *
# Source: @pytest.fixture
# Source: def n():
# Source:     return 1
# Source: def test(n):
# Source:     assert f(n) == 2
# Expect: failed error
def pytest_generate_tests(metafunc):
    metafunc.parametrize("n", [])


def f(x):
    return 7
