# Tries: export hooks and set-up functions of pytest and unittest, and steer the collection with what they are given
# Suite: pytest
# Source: import unittest
# Source: from solution import *
# Source: def test(n=1):
# Source:     assert f(n) == 2
# Source: class Test(unittest.TestCase):
# Source:     def test_method(self):
# Source:         self.assertEqual(f(1), 2)
# Expect: failed error
def pytest_generate_tests(metafunc):
    for act in (
        lambda: metafunc.definition.add_marker("skip"),
        lambda: metafunc.definition.parent.session.items.clear(),
        lambda: metafunc.config.option.__setattr__("collectonly", True),
        lambda: setattr(metafunc.config.option, "collectonly", True),
        lambda: setattr(metafunc.definition, "obj", f),
        lambda: setattr(metafunc.config, "option", None),
        lambda: metafunc.parametrize("n", []),
    ):
        try:
            act()
        except BaseException:
            pass


def setup_module(module):
    try:
        module.test = module.f = lambda *ignored: None
    except BaseException:
        pass


setup_function = setup_method = setUpModule = setup_module
pytest_plugins = []
pytestmark = []


def load_tests(*ignored):
    return []


def f(x):
    return 7
