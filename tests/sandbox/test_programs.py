"""From the runner's report on whole programs to an execution: only output passes, and only on the host."""

import base64
import json
from dataclasses import asdict
from typing import Any

import pytest

from sandbox.answers import read_answer
from sandbox.errors import SandboxCrashed
from sandbox.jobs import Job
from sandbox.types import ExceptionInfo, Execution, Limits, Status, StdioCase, StdioSuite

SYNTAX = asdict(ExceptionInfo("SyntaxError", "invalid syntax", line=1))


def a_run(stdout: bytes = b"1\n", **fields: Any) -> dict[str, Any]:
    return {
        "status": None,
        "message": "",
        "exception": None,
        "stdout": base64.b64encode(stdout).decode(),
        "stderr": "",
        "wall_s": 0.5,
        "cpu_s": 0.25,
        "memory_bytes": 7,
        **fields,
    }


def read(*runs: dict[str, Any], expected: tuple[str, ...] = ("1", "1"), output_bytes: int = 2**20) -> Execution:
    suite = StdioSuite(tuple(StdioCase("", stdout) for stdout in expected))
    job = Job("print(1)", suite, Limits(output_bytes=output_bytes))
    return read_answer(json.dumps({"runs": runs}).encode() + b"\n", job, "box")


def test_runs_are_summed_up() -> None:
    execution = read(a_run(), a_run(b"2\n", stderr="hm", wall_s=1.0, memory_bytes=9))
    assert (execution.status, execution.isolation) == (Status.FAILED, "box")
    assert (execution.wall_s, execution.cpu_s, execution.memory_bytes) == (1.5, 0.5, 9)
    assert (execution.stdout, execution.stderr) == ("1\n2\n", "hm")
    passed, failed = execution.tests
    assert (passed.name, passed.status, passed.expected, passed.actual) == ("case 1", Status.PASSED, None, None)
    assert (failed.name, failed.status, failed.expected, failed.actual) == ("case 2", Status.FAILED, "1", "2\n")
    assert failed.message == "line 1 of the output is '2', expected '1'"
    assert (failed.stdout, failed.call) == ("2\n", None)


def test_a_status_beats_right_output() -> None:
    execution = read(a_run(status="timeout", message="too long"), a_run())
    assert [test.status for test in execution.tests] == [Status.TIMEOUT, Status.PASSED]
    assert execution.tests[0].message == "too long"
    assert execution.status is Status.TIMEOUT


def test_a_program_that_does_not_compile_has_run_once() -> None:
    execution = read(a_run(b"", status="syntax_error", exception=SYNTAX), expected=("1", "2", "3"))
    assert [test.ran for test in execution.tests] == [True, False, False]
    assert [test.name for test in execution.tests] == ["case 1", "case 2", "case 3"]
    assert execution.exception == ExceptionInfo(**SYNTAX)
    assert execution.status is Status.SYNTAX_ERROR


def test_what_is_shown_is_cut_and_says_so() -> None:
    long = b"x" * 30_000
    flood = a_run(long, status="output_limit", message="the program wrote more than 30000 bytes")
    execution = read(a_run(long), flood, output_bytes=30_000)
    wrong, flooded = execution.tests
    assert wrong.actual == "x" * 1000 + "… [29000 more characters]"
    assert wrong.stdout == "x" * 10_000 + "… [20000 more characters]"
    assert flooded.stdout.startswith("x" * 10_000)
    assert execution.stdout.startswith("x" * 30_000 + "\n… [cut: the runs printed 6")
    single = read(flood, expected=("1",), output_bytes=30_000)
    assert single.stdout == "x" * 30_000 + "\n… [cut: the program wrote more than 30000 bytes]"


def test_the_mark_of_a_flood_stands_once() -> None:
    flood = a_run(
        b"1\n", status="output_limit", message="the program wrote more than 9 bytes", stderr="yyyyyyyyy [cut]"
    )
    assert read(flood, expected=("1",)).stdout == "1\n"


def test_output_that_is_not_utf_8_is_shown_as_what_it_is() -> None:
    execution = read(a_run(b"\xff\xc3"), expected=("\udcff\udcc4",))
    (test,) = execution.tests
    assert (test.expected, test.actual) == ("\\xff\\xc4", "\\xff\\xc3")
    repr(execution).encode("utf-8")


@pytest.mark.parametrize(
    "runs",
    [
        [],
        [a_run()],
        [a_run(), a_run(), a_run()],
        [a_run(status="timeout")],
        [a_run(status="passed"), a_run()],
        [a_run(status="failed"), a_run()],
        [a_run(status="fine"), a_run()],
        [a_run(), {"status": None}],
        [a_run(), a_run(memory_bytes="7")],
        [a_run(), {**a_run(), "stdout": 5}],
        {"a": a_run()},
        None,
    ],
)
def test_no_honest_runner_says_this(runs: Any) -> None:
    job = Job("", StdioSuite((StdioCase("", "1"), StdioCase("", "1"))), Limits())
    with pytest.raises(SandboxCrashed):
        read_answer(json.dumps({"runs": runs}).encode(), job, "box")


def test_a_whole_execution_is_no_answer_for_whole_programs() -> None:
    job = Job("", StdioSuite((StdioCase("", "1"),)), Limits())
    for answer in (asdict(Execution(Status.PASSED)), {}):
        with pytest.raises(SandboxCrashed):
            read_answer(json.dumps(answer).encode(), job, "box")
