"""What the tests' names, loops and comparisons mean is not for the candidate to say."""

import pytest

from sandbox.types import AssertSuite, PytestSuite, Status

from .conftest import Runner

pytestmark = pytest.mark.sandbox


def test_a_star_import_takes_only_what_means_nothing_else(runner: Runner) -> None:
    program = """
__all__ = ["f", "own", "sum", "math", "expected", "hypot", "__builtins__", "__sd_recorder__"]
def f(x):
    return x
def own():
    return 1
sum = math = expected = hypot = __builtins__ = __sd_recorder__ = f
"""
    tests = """
import math
from math import *
expected = 5
from solution import *
def test():
    assert own() == 1 and f(2) == 2
    assert expected == 5 and sum([1, 2]) == 3 and hypot(3, 4) == 5 and math.pi > 3
"""
    assert runner.run(program, PytestSuite(tests)).passed


@pytest.mark.parametrize(
    "tests",
    [
        "x = f(1)\nassert len(x) == 2",
        "import solution\nassert len(solution.f(1)) == 2",
        "assert math.isclose(f(1), 2)",
        "assert isclose(f(1), 2)",
        "for got in map(f, [1]): assert got == 2",
        "assert all(got == 2 for got in map(stop, [1]))",
        "assert [got for got in map(stop, [1])] == []",
    ],
)
def test_a_candidate_redefines_nothing_of_the_tests(runner: Runner, tests: str) -> None:
    program = """
def len(x):
    return 2
def isclose(*ignored):
    return True
class math:
    isclose = isclose
def f(x):
    return [7]
def stop(x):
    raise StopIteration
"""
    found = runner.run(program, AssertSuite((tests,)))
    assert not found.passed
    assert not found.tests[0].passed


def test_a_function_named_like_a_builtin_is_the_candidates_where_it_is_what_is_tested(runner: Runner) -> None:
    assert runner.run("def sum(a, b):\n    return 6\n", AssertSuite(("assert sum(1, 2) == 6",))).passed


def test_a_name_that_the_library_has_too_may_be_the_candidates(runner: Runner) -> None:
    program = "class Many:\n    def add(self, x):\n        return x\nqueue = Many()\n"
    assert runner.run(program, AssertSuite(("assert queue.add(4) == 4",))).passed


def test_iterators_end_as_they_do(runner: Runner) -> None:
    program = "def f():\n    yield 1\ndef g():\n    raise StopIteration\n"
    tests = """
import pytest
from solution import f, g
def test():
    found = f()
    assert next(found) == 1
    with pytest.raises(StopIteration):
        next(found)
    other = f()
    assert other.send(None) == 1
    with pytest.raises(StopIteration):
        other.send(None)
    with pytest.raises(StopIteration):
        g()
    assert list(f()) == [1]
"""
    assert runner.run(program, PytestSuite(tests)).passed


LIAR = """
class Meta(type):
    def __contains__(cls, item):
        return True
class Class(metaclass=Meta):
    pass
class Set(set):
    issubset = lambda *ignored: True
class Mock:
    def __getattr__(self, name):
        return lambda *ignored: True
class One:
    def startswith(self, text):
        return 1
class Swallows:
    def __enter__(self):
        return 7
    def __exit__(self, *ignored):
        return True
def f(kind):
    return Class if kind == "Class" else eval(kind)()
"""


@pytest.mark.parametrize(
    "test",
    [
        "assert 2 in f('Class')",
        "assert f('Set').union({7}).issubset({1})",
        "with f('Swallows') as found: assert found == 2",
    ],
)
def test_operators_of_own_classes_decide_nothing(runner: Runner, test: str) -> None:
    assert not runner.asserts(LIAR, test).tests[0].passed


@pytest.mark.parametrize(
    "test",
    [
        "assert f('Mock').startswith('b')",
        "assert f('Mock').startswith('b') == True",
        "assert f('One').startswith('b')",
        "assert f('One').startswith('b') == True",
        "assert not f('Mock').startswith('b') is False",
        "if not f('Mock').startswith('b'): raise AssertionError",
        "assert f('Class').__contains__(2)",
    ],
)
def test_a_verdict_that_rests_on_methods_of_own_classes_says_so(runner: Runner, test: str) -> None:
    found = runner.asserts(LIAR, test)
    assert not found.passed or found.unverified


def test_a_class_in_place_of_a_function_learns_nothing(runner: Runner) -> None:
    program = """
learned = []
class f:
    def __new__(cls, x):
        return learned[-1] if learned else object.__new__(cls)
    def __eq__(self, other):
        learned.append(other)
    __hash__ = None
"""
    found = runner.asserts(program, "assert f(1) == 'secret'", "assert f(1) == 'secret'")
    assert [test.status for test in found.tests] == [Status.FAILED, Status.FAILED]


@pytest.mark.parametrize(
    ("program", "test"),
    [
        ("class C(list):\n    def total(s):\n        return sum(s)\ndef f():\n    return C([1])\n",
         "x = f()\nx.append(2)\nassert x == [1, 2] and x.total() == 3 and x.index(2) == 1"),
        ("from collections import Counter\nclass C(Counter):\n    pass\ndef f():\n    return C('aab')\n",
         "assert f().most_common(1) == [('a', 2)] and isinstance(f(), dict)"),
        ("from typing import *\nT = TypeVar('T')\nclass Box(Generic[T]):\n    def __init__(s, x):\n        s.x = x\n",
         "assert Box[int](2).x == 2"),
        ("import datetime\nclass Z(datetime.tzinfo):\n    def utcoffset(s, m):\n"
         "        return datetime.timedelta(hours=1)\ndef f():\n    return datetime.datetime(2024, 1, 1, tzinfo=Z())\n",
         "import datetime\nassert f() == datetime.datetime(2023, 12, 31, 23, tzinfo=datetime.timezone.utc)"),
        ("def f():\n    return ExceptionGroup('a', [ExceptionGroup('b', [KeyError('k')])])\n",
         "assert f().exceptions[0].exceptions[0].args == ('k',)"),
        ("def f():\n    e = ValueError(1)\n    e.more = [2]\n    return e\n", "assert f().more == [2]"),
        ("class M:\n    def __init__(s):\n        s.log = []\n    def __enter__(s):\n        return s\n"
         "    def __exit__(s, *a):\n        s.log.append(a[0])\ndef f():\n    return M()\n",
         "try:\n    with f() as m: raise KeyError\nexcept KeyError: pass\nassert m.log == [KeyError]"),
        ("class H:\n    n = 0\n    def __hash__(s):\n        if H.n:\n            raise ValueError\n        return 1\n"
         "def f():\n    found = {H()}\n    H.n = 1\n    return found\n",
         "try: f()\nexcept ValueError: pass"),
    ],
)  # fmt: skip
def test_honest_objects(runner: Runner, program: str, test: str) -> None:
    found = runner.run(program, AssertSuite((test,)))
    assert found.passed, found
    assert not found.unverified


def test_the_programs_docstring_is_the_modules(runner: Runner) -> None:
    suite = PytestSuite("import solution\ndef test():\n    assert solution.__doc__ == 'It says so.'\n")
    assert runner.run("'''It says so.'''\n", suite).passed


def test_a_suite_is_parsed_again_only_once_however_many_asserts_fail(runner: Runner) -> None:
    """Each failing assert is told with its own call; with thousands of them that must not take thousands of parses."""
    count = 3000
    execution = runner.asserts(
        "def f(x):\n    return -1\n", *(f"assert f({n}) == {n}" for n in range(count)), cpu_s=5.0
    )
    assert [test.call for test in execution.tests] == [f"f({n})" for n in range(count)]
    assert all(test.status is Status.FAILED for test in execution.tests)
