"""What comes back from a box is read as it was sent, and not believed."""

import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.answers import read_answer
from sandbox.errors import SandboxCrashed
from sandbox.jobs import Job
from sandbox.types import AssertSuite, ExceptionInfo, Execution, Limits, Status, TestResult

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SECONDS = st.floats(0, 1e6)
EXCEPTIONS = st.none() | st.builds(ExceptionInfo, TEXT, TEXT, TEXT, st.integers(0, 10**6))
TESTS = st.builds(
    TestResult, TEXT, st.sampled_from(Status), st.none() | TEXT, st.none() | TEXT, exception=EXCEPTIONS, wall_s=SECONDS
)
EXECUTIONS = st.builds(
    Execution,
    st.sampled_from([status for status in Status if status is not Status.PASSED]),
    st.lists(TESTS, max_size=3).map(tuple),
    EXCEPTIONS,
    TEXT,
    TEXT,
    SECONDS,
    SECONDS,
    st.integers(0, 2**40),
)


JOB = Job("", AssertSuite(()), Limits())


@given(EXECUTIONS)
def test_an_execution_comes_back_as_it_was(execution: Execution) -> None:
    line = json.dumps(asdict(execution)).encode()
    assert read_answer(line, JOB, "box") == replace(execution, isolation="box")


def test_lone_surrogates_are_written_out() -> None:
    line = json.dumps(asdict(Execution(Status.FAILED, stdout="a\ud800😀\\ud800"))).encode()
    execution = read_answer(line, JOB, "box")
    assert execution.stdout == "a\\ud800😀\\ud800"
    execution.stdout.encode("utf-8")


PASSED = asdict(Execution(Status.PASSED))


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"passed",
        b"\xff\xfe",
        b"null",
        b"[" * 100_000,
        json.dumps([PASSED]).encode(),
        json.dumps({}).encode(),
        json.dumps({**PASSED, "status": "fine"}).encode(),
        json.dumps({**PASSED, "wall_s": "1"}).encode(),
        json.dumps({**PASSED, "surplus": 1}).encode(),
        json.dumps({**PASSED, "tests": [{"name": "t", "status": "failed"}]}).encode(),
        json.dumps({**PASSED, "tests": [{"name": "t", "status": "passed", "ran": False}]}).encode(),
    ],
)
def test_what_is_no_execution_is_refused(answer: bytes) -> None:
    with pytest.raises(SandboxCrashed):
        read_answer(answer, JOB, "box")


def test_the_infrastructure_says_why() -> None:
    with pytest.raises(SandboxCrashed, match="no memory for a fork"):
        read_answer(b'{"infrastructure": "no memory for a fork"}', JOB, "box")
