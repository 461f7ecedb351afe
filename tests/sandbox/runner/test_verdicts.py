import os
from pathlib import Path

import pytest

from sandbox.types import AssertSuite, CheckSuite, PytestSuite, Status, StdioCase, StdioSuite

from .conftest import Runner

pytestmark = pytest.mark.sandbox

DATA = Path(os.environ.get("SELFDEBUG_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))


def test_each_assert_is_a_test_of_its_own(runner: Runner) -> None:
    program = "def f(x):\n    print('got', x)\n    return x + 1\n"
    found = runner.asserts(program, "assert f(1) == 2", "assert f(2) == 2, 'off'", "assert f('a') == 1")
    assert [test.status for test in found.tests] == [Status.PASSED, Status.FAILED, Status.ERROR]
    assert found.status is Status.FAILED
    _, failed, error = found.tests
    assert (failed.call, failed.expected, failed.actual, failed.message) == ("f(2)", "2", "3", "off")
    assert failed.stdout == "got 2\n"
    assert error.exception is not None
    assert error.exception.type == "TypeError"
    assert error.exception.line == 3
    assert error.exception.traceback == '  File "solution.py", line 3, in f\n    return x + 1'
    assert error.call == "f('a')"
    assert found.stdout == "got 1\ngot 2\ngot a\n"


@pytest.mark.parametrize(
    ("test", "call", "expected", "actual"),
    [
        ("assert f(3) == 4", "f(3)", "4", "3"),
        ("assert 4 == f(3)", "f(3)", "4", "3"),
        ("assert abs(f(3) - 2) < 1e-6", "abs(f(3) - 2)", "< 1e-06", "1"),
        ("assert 5 < f(3)", "f(3)", "> 5", "3"),
        ("assert f(0)", "f(0)", "a true value", "0"),
        ("assert not f([1])", "f([1])", "a false value", "[1]"),
        ("assert f(3) in [1, 2]", "f(3)", "in [1, 2]", "3"),
        ("assert f(None) is not None", "f(None)", "is not None", "None"),
        ("x = f(y=1, x=2)\nassert x == 1", "f(y=1, x=2)", "1", "2"),
        ("assert 4 < f(3) < 6", "4 < f(3) < 6", "4 < f(3) < 6", "False"),
        ("for i in [3, 4]:\n    assert f(i) == 3", "f(4)", "3", "4"),
    ],
)
def test_what_a_failing_comparison_shows(runner: Runner, test: str, call: str, expected: str, actual: str) -> None:
    (found,) = runner.asserts("def f(x, y=0):\n    return x\n", test).tests
    assert found.status is Status.FAILED
    assert (found.call, found.expected, found.actual) == (call, expected, actual)


def test_arguments_are_shown_as_they_were_before_the_call(runner: Runner) -> None:
    (found,) = runner.asserts("def f(x):\n    x.clear()\n    return 0\n", "assert f([1, 2]) == 1").tests
    assert found.call == "f([1, 2])"


def test_long_values_are_cut_visibly(runner: Runner) -> None:
    (found,) = runner.asserts("def f():\n    return 'x' * 50_000\n", "assert f() == ''").tests
    assert found.actual is not None
    assert len(found.actual) < 1100
    assert "more characters" in found.actual


def test_check_goes_on_after_a_failing_assert(runner: Runner) -> None:
    source = (
        "METADATA = {}\n"
        "def twice(n):\n    return 2 * n\n"
        "def check(candidate):\n"
        "    assert candidate(1) == 5\n"
        "    for n in range(3):\n        assert candidate(n) == twice(n)\n"
        "    numbers = [candidate(n) for n in range(3)]\n"
        "    assert numbers == [0, 2, 4]\n"
        "check(double)\n"
    )
    found = runner.run("def double(n):\n    return n + n\n", CheckSuite(source, "double"))
    assert [test.status for test in found.tests] == [Status.FAILED, Status.PASSED, Status.PASSED]
    assert found.tests[0].call == "double(1)"


def test_what_fails_between_two_asserts_fails_the_next(runner: Runner) -> None:
    source = "def check(candidate):\n    assert candidate(1) == 1\n    x = candidate(0)\n    assert x == 0\n"
    source += "    candidate(0)\n"
    found = runner.run("def f(n):\n    return n // n\n", CheckSuite(source, "f"))
    assert [test.status for test in found.tests] == [Status.PASSED, Status.ERROR, Status.ERROR]


def test_helpers_of_the_context_are_the_trusted_ones(runner: Runner) -> None:
    context = "def shift(s):\n    return s[1:] + s[:1]\n\ndef unshift(s):\n    '''Undo shift.'''\n"
    source = "def check(candidate):\n    assert candidate(shift('abc')) == 'abc'\n"
    suite = CheckSuite(source, "unshift", context)
    assert runner.run("def unshift(s):\n    return s[-1:] + s[:-1]\n", suite).passed
    cheat = "def shift(s):\n    return 'abc'\ndef unshift(s):\n    return s\n"
    assert runner.run(cheat, suite).status is Status.FAILED


def test_text_that_is_no_python_is_an_empty_context(runner: Runner) -> None:
    source = "def check(candidate):\n    assert candidate(1) == 1\n"
    assert runner.run("def f(n):\n    return n\n", CheckSuite(source, "f", "[c++] int f ( int n ) {")).passed


def test_classes_of_the_context_cross_by_value(runner: Runner) -> None:
    context = "class Node:\n    def __init__(self, value, next=None):\n        self.value, self.next = value, next\n"
    context += "def last(node):\n    '''The last value.'''\n"
    source = "def check(candidate):\n    node = Node(1, Node(2))\n    assert candidate(node) == 2\n"
    source += "    assert node.value == 'seen'\n"
    program = context.replace("'''The last value.'''", "node.value = 'seen'\n    return node.next.value")
    assert runner.run(program, CheckSuite(source, "last", context)).passed


def test_setup_may_use_the_candidates_classes(runner: Runner) -> None:
    program = "class Node:\n    def __init__(self, v):\n        self.v, self.left = v, None\n"
    program += "def depth(n):\n    return 1 + depth(n.left) if n else 0\n"
    suite = AssertSuite(("assert depth(root) == 2",), "root = Node(1)\nroot.left = Node(2)", "depth")
    assert runner.run(program, suite).passed


def test_an_empty_suite_only_loads(runner: Runner) -> None:
    assert runner.run("def f():\n    return 1\n", AssertSuite((), entry_point="f")).passed
    missing = runner.run("def g():\n    return 1\n", AssertSuite((), entry_point="f"))
    assert missing.status is Status.ERROR
    assert missing.exception is not None
    assert missing.exception.type == "NameError"


@pytest.mark.parametrize(
    ("program", "status", "line"),
    [
        ("def f(:\n", Status.SYNTAX_ERROR, 1),
        ("x = 1\n\ty = 2\n", Status.SYNTAX_ERROR, 2),
        ("def f():\n    pass\n1 / 0\n", Status.ERROR, 3),
        ("def f(): pass\nimport nothing_like_it\n", Status.ERROR, 2),
        ("def f(): pass\nexit(3)\n", Status.CRASHED, 2),
        ("def f(): return 1\0", Status.SYNTAX_ERROR, 0),
    ],
)
def test_a_program_that_does_not_load(runner: Runner, program: str, status: Status, line: int) -> None:
    found = runner.asserts(program, "assert f() == 1")
    assert found.status is status
    assert found.exception is not None
    assert found.exception.line == line
    assert [(test.status, test.ran) for test in found.tests] == [(status, False)]


def test_the_main_block_does_not_run(runner: Runner) -> None:
    program = "import sys\ndef f():\n    return __name__\nif __name__ == '__main__':\n    sys.exit(1)\n"
    assert runner.asserts(program, "assert f() == 'solution'").passed


PROGRAM = """
from dataclasses import dataclass
from enum import Enum
class Problem(ValueError):
    def __init__(self, code):
        super().__init__(f'problem {code}')
        self.code = code
class Stack:
    limit = 2
    def __init__(self):
        self.items = []
    def push(self, item):
        if len(self.items) >= self.limit:
            raise Problem(7)
        self.items.append(item)
    def __len__(self):
        return len(self.items)
@dataclass
class Point:
    x: int
    y: int
class Color(Enum):
    RED = 1
    BLUE = 2
def count(n):
    yield from range(n)
def helper():
    return 1
def use():
    return helper()
def say(text):
    print(text)
async def later(n):
    return n + 1
"""
TESTS = """
import asyncio
import pytest
import solution
from solution import *

@pytest.fixture
def stack():
    made = Stack()
    made.push('a')
    return made

def test_fixture(stack):
    stack.push('b')
    assert len(stack) == 2
    assert stack.items == ['a', 'b']
    with pytest.raises(Problem, match='problem 7') as caught:
        stack.push('c')
    assert caught.value.code == 7
    with pytest.raises(ValueError):
        stack.push('c')

@pytest.mark.parametrize('n', [0, 3])
def test_generator(n):
    assert list(count(n)) == list(range(n))

def test_values():
    assert Point(1, 2) == Point(1, 2)
    assert Point(1, 2) != Point(2, 1)
    assert isinstance(Point(1, 2), Point)
    assert [color.name for color in Color] == ['RED', 'BLUE']
    assert Color.RED is Color(1)

def test_patch(monkeypatch):
    monkeypatch.setattr(solution, 'helper', lambda: 42)
    assert use() == 42

def test_patch_is_undone():
    assert use() == 1

def test_output(capsys):
    say('hi')
    assert capsys.readouterr().out == 'hi\\n'

def test_coroutine():
    assert asyncio.run(later(1)) == 2

def test_wrong():
    assert use() == pytest.approx(2.5), 'no'
"""


def test_a_pytest_file(runner: Runner) -> None:
    found = runner.run(PROGRAM, PytestSuite(TESTS))
    assert [test.name for test in found.tests if not test.passed] == ["test_wrong"]
    assert len(found.tests) == 9
    wrong = found.tests[-1]
    assert (wrong.call, wrong.actual, wrong.message) == ("use()", "1", "no")


def test_a_pytest_file_may_use_bare_names(runner: Runner) -> None:
    assert runner.run("def f():\n    return 1\n", PytestSuite("def test():\n    assert f() == 1\n", "f")).passed


def test_a_pytest_file_that_cannot_be_collected(runner: Runner) -> None:
    found = runner.run("def f():\n    return 1\n", PytestSuite("from solution import g\ndef test():\n    pass\n"))
    assert found.status is Status.ERROR
    assert found.tests[0].exception is not None
    assert "g" in found.tests[0].exception.message


def test_pytest_stops_when_the_candidate_ends(runner: Runner) -> None:
    tests = "def test_a():\n    assert f(0) == 0\ndef test_b():\n    f(1)\ndef test_c():\n    assert f(0) == 0\n"
    found = runner.run("import os\ndef f(n):\n    return os._exit(0) if n else n\n", PytestSuite(tests, "f"))
    assert [test.status for test in found.tests] == [Status.PASSED, Status.CRASHED, Status.CRASHED]
    assert [test.ran for test in found.tests] == [True, True, False]


def test_whole_programs(runner: Runner) -> None:
    cases = (StdioCase("2\n", "4\n\n"), StdioCase("3", "7\n"), StdioCase("x", ""), StdioCase("0", ""))
    program = "import sys\nn = int(input())\nif not n:\n    sys.exit(5)\nprint(n * 2, ' ')\n"
    found = runner.run(program, StdioSuite(cases))
    statuses = [test.status for test in found.tests]
    assert statuses == [Status.PASSED, Status.FAILED, Status.ERROR, Status.CRASHED]
    assert found.tests[2].exception is not None
    assert found.tests[2].exception.type == "ValueError"
    assert "5" in found.tests[3].message


@pytest.mark.parametrize(
    "read", ["open(0).read()", "open('/dev/stdin').read()", "sys.stdin.read()", "sys.stdin.buffer.read().decode()"]
)
def test_every_way_to_read_standard_input(runner: Runner, read: str) -> None:
    program = f"import sys, atexit\natexit.register(print, 'end')\nprint({read}[::-1])\nsys.exit()\n"
    assert runner.run(program, StdioSuite((StdioCase("abc", "cba\nend"),))).passed
