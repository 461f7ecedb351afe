"""The tests of one candidate after those of another: in the same process only while nothing can have stayed there."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from sandbox.types import AssertSuite, CheckSuite, PytestSuite, Status, Suite

PLAIN = "def f(x):\n    return x + 1\n"
ASSERT = AssertSuite(("assert f(1) == 2",), entry_point="f")


def below(pid: int) -> set[int]:
    """All processes below one."""
    found = {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}
    return found | {each for child in found for each in below(child)}


def processes(runner: Any) -> set[int]:
    return below(runner._process.pid)


@pytest.mark.sandbox
def test_one_process_serves_while_only_plain_values_cross(open_runner: Any) -> None:
    assert open_runner.run(PLAIN, ASSERT).passed
    before = processes(open_runner)
    wrong = "def f(x):\n    raise ValueError('no')\n"
    assert open_runner.run(wrong, ASSERT).status is Status.ERROR
    assert open_runner.run("def f(x):\n    return 7\n", ASSERT).status is Status.FAILED
    assert open_runner.run(PLAIN, ASSERT).passed
    assert processes(open_runner) == before


@pytest.mark.sandbox
@pytest.mark.parametrize(
    "program",
    [
        "class A:\n    pass\ndef f(x):\n    return A()\n",
        "class Odd(Exception):\n    pass\ndef f(x):\n    raise Odd\n",
        "import fractions\ndef f(x):\n    return fractions.Fraction\n",
        "import wave\ndef f(x):\n    return wave.Wave_read\n",
        "class N(int):\n    pass\ndef f(x):\n    return N(2)\n",
    ],
)
def test_a_fresh_one_takes_over_after_more_than_that(open_runner: Any, program: str) -> None:
    assert open_runner.run(PLAIN, ASSERT).passed
    before = processes(open_runner)
    open_runner.run(program, ASSERT)
    assert open_runner.run(PLAIN, ASSERT).passed
    after = processes(open_runner)
    assert len(after) == len(before)
    assert len(after - before) == 1
    assert open_runner.restarts == 1


@pytest.mark.sandbox
@pytest.mark.parametrize("times", [1, 3])
def test_one_that_had_to_be_ended_is_replaced(open_runner: Any, times: int) -> None:
    for _ in range(times):
        endless = AssertSuite(("while f(1): pass",), entry_point="f")
        assert open_runner.run(PLAIN, endless, wall_s=1.0, cpu_s=1.0).status is Status.TIMEOUT
        assert open_runner.run(PLAIN, ASSERT).passed
    assert open_runner.restarts == 1


@pytest.mark.sandbox
def test_helpers_of_the_context_are_not_those_of_the_candidate_before(open_runner: Any) -> None:
    """The tests may call what the program defines beside its entry point; the next program's is another one."""
    suite = AssertSuite(("assert f(1) == g(1)",), entry_point="f")
    first = "def f(x):\n    return x\ndef g(x):\n    return x\n"
    second = "def f(x):\n    return -x\ndef g(x):\n    return x\n"
    assert [open_runner.run(program, suite).passed for program in (first, second, first)] == [True, False, True]
    check = CheckSuite(
        "def check(candidate):\n    assert candidate(1) == helper(1)\n", "f", "def helper(x):\n    return x\n"
    )
    assert [open_runner.run(program, check).passed for program in (first, second, first)] == [True, False, True]


@pytest.mark.sandbox
def test_what_impure_tests_change_is_not_there_for_the_next(open_runner: Any) -> None:
    changing = AssertSuite(("import math\nmath.floor = lambda x: 7\nassert f(1) == 2",), entry_point="f")
    looking = AssertSuite(("import math\nassert math.floor(f(1)) == 2",), entry_point="f")
    patching = PytestSuite(
        "import math\nfrom solution import f\ndef test():\n    math.floor = None\n    assert f(1) == 2\n"
    )
    suites: list[Suite] = [changing, looking, patching, looking]
    for suite in suites:
        assert open_runner.run(PLAIN, suite).passed


@pytest.mark.sandbox
def test_one_process_prepares_one_pytest_suite_after_the_other(open_runner: Any) -> None:
    for number in range(3):
        suite = PytestSuite(f"from solution import f\ndef test_{number}():\n    assert f({number}) == {number + 1}\n")
        assert open_runner.run(PLAIN, suite).passed
    assert open_runner.restarts == 1


@pytest.mark.sandbox
def test_one_that_died_unasked_is_told_of_and_not_waited_for(open_runner: Any) -> None:
    assert open_runner.run(PLAIN, ASSERT).passed
    children = Path(f"/proc/{open_runner._process.pid}/task/{open_runner._process.pid}/children").read_text().split()
    (tester,) = below(int(children[-1]))
    os.kill(tester, signal.SIGKILL)
    assert "broken down" in str(open_runner.answer(PLAIN, ASSERT)["infrastructure"])
    assert open_runner._process.wait(30) == 1  # its host starts another
    open_runner.close()
    assert open_runner.run(PLAIN, ASSERT).passed
    assert open_runner.restarts == 2
