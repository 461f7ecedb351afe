"""What every backend must say about honest and broken candidates."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from sandbox.protocol import Sandbox
from sandbox.types import (
    AssertSuite,
    CheckSuite,
    Execution,
    Limits,
    PytestSuite,
    Status,
    StdioCase,
    StdioSuite,
)

Run = Callable[..., Awaitable[Execution]]
ADD = "def add(a, b):\n    return a + b\n"


async def test_a_right_program_passes(sandbox: Sandbox) -> None:
    execution = await sandbox.run(ADD, AssertSuite(("assert add(1, 2) == 3", "assert add(0, 0) == 0")))
    assert (execution.status, execution.tests_passed, len(execution.tests)) == (Status.PASSED, 2, 2)
    assert execution.isolation == sandbox.isolation
    assert execution.unverified == ""


async def test_a_failing_comparison_shows_call_expected_and_actual(run: Run) -> None:
    execution = await run(ADD, "assert add(1, 2) == 4", "assert add(1, 1) == 2")
    assert execution.status is Status.FAILED
    first, second = execution.tests
    assert (first.status, first.call, first.expected, first.actual) == (Status.FAILED, "add(1, 2)", "4", "3")
    assert second.passed


async def test_an_exception_is_told_with_the_candidates_own_lines(run: Run) -> None:
    execution = await run("def f(xs):\n    return xs[3]\n", "assert f([]) == 1")
    assert execution.status is Status.ERROR
    exception = execution.tests[0].exception
    assert exception is not None
    assert (exception.type, exception.message, exception.line) == ("IndexError", "list index out of range", 2)
    assert "return xs[3]" in exception.traceback


async def test_a_program_that_does_not_compile(run: Run) -> None:
    execution = await run("def f(:\n", "assert f() == 1")
    assert execution.status is Status.SYNTAX_ERROR
    assert execution.exception is not None


@pytest.mark.parametrize("end", ["import os; os._exit(0)", "import os; os.kill(os.getpid(), 9)", "raise SystemExit(0)"])
async def test_an_early_end_is_no_pass(run: Run, end: str) -> None:
    assert not (await run(f"{ADD}\n{end}\n", "assert add(1, 2) == 3")).passed
    assert not (await run(f"def add(a, b):\n    {end}\n", "assert add(1, 2) == 3")).passed


async def test_a_humaneval_check(sandbox: Sandbox) -> None:
    source = "def check(candidate):\n    assert candidate(1, 2) == 3\n    assert candidate(2, 2) == 5\n"
    execution = await sandbox.run(ADD, CheckSuite(source, "add"))
    assert [test.status for test in execution.tests] == [Status.PASSED, Status.FAILED]


async def test_a_pytest_file(sandbox: Sandbox) -> None:
    source = (
        "import pytest\nfrom solution import add\n\n"
        "@pytest.mark.parametrize('n', [1, 2])\ndef test_double(n):\n    assert add(n, n) == 2 * n\n\n"
        "def test_wrong():\n    assert add(1, 1) == 3\n"
    )
    execution = await sandbox.run(ADD, PytestSuite(source))
    assert [test.status for test in execution.tests] == [Status.PASSED, Status.PASSED, Status.FAILED]


async def test_programs_that_read_and_print(sandbox: Sandbox) -> None:
    cases = (StdioCase("2\n", "4\n"), StdioCase("3\n", "9"), StdioCase("4\n", "15\n"))
    execution = await sandbox.run("print(int(input()) ** 2)", StdioSuite(cases))
    assert [test.status for test in execution.tests] == [Status.PASSED, Status.PASSED, Status.FAILED]


async def test_any_text_passes_through(run: Run) -> None:
    program = "def f(x):\n    print('é\\ud800\\x00😀')\n    return x + '\\udcff'\n"
    execution = await run(program, "assert f('ä\\ud800') == 'ä\\ud800\\udcff'", "assert f('') == 'x'")
    assert [test.status for test in execution.tests] == [Status.PASSED, Status.FAILED]
    repr(execution).encode("utf-8")


async def test_many_runs_at_once_do_not_mix(sandbox: Sandbox) -> None:
    programs = [f"def f():\n    return {number}\n" for number in range(12)]
    suites = [AssertSuite((f"assert f() == {number - number % 2}",)) for number in range(12)]
    runs = (sandbox.run(program, suite) for program, suite in zip(programs, suites, strict=True))
    assert [execution.passed for execution in await asyncio.gather(*runs)] == [True, False] * 6


async def test_a_timeout_does_not_keep_the_next_run_waiting(run: Run) -> None:
    assert (await run("while True: pass", "assert True", limits=Limits(wall_s=1, cpu_s=1))).status is Status.TIMEOUT
    assert (await run(ADD, "assert add(1, 2) == 3")).passed
