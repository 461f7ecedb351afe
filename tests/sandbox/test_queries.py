"""What the host makes of the runner's word on queries: no word of it can turn into a pass."""

import json

import pytest

from sandbox.answers import read_answer
from sandbox.errors import SandboxCrashed
from sandbox.jobs import Job
from sandbox.queries import table
from sandbox.types import Limits, QuerySuite, Status

RUN = {
    "status": None, "message": "", "exception": None, "columns": ["a"], "rows": [[1]], "wall_s": 0.5, "cpu_s": 0.25,
    "memory_bytes": 7,
}  # fmt: skip
BARE, GRADED = QuerySuite("x"), QuerySuite("x", "SELECT 1")


def answer(suite: QuerySuite, *runs: dict[str, object], **more: object) -> object:
    line = json.dumps({"runs": list(runs), **more}).encode()
    return read_answer(line, Job("SELECT 1", suite, Limits()), "bubblewrap")


def test_values_keep_their_types() -> None:
    for value, other, same in (
        (1, 1.0, True), (1, "1", False), ({"hex": "00"}, {"hex": "00"}, True), ({"hex": "61"}, "a", False),
        (None, None, True), ("😀", "😀", True), (float("inf"), float("inf"), True),
    ):  # fmt: skip
        execution = answer(GRADED, RUN | {"rows": [[value]]}, RUN | {"rows": [[other]]})
        assert execution.passed is same  # type: ignore[attr-defined]
        assert (execution.wall_s, execution.cpu_s, execution.memory_bytes) == (0.5, 0.25, 7)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("suite", "runs"),
    [
        (BARE, []),
        (BARE, [RUN, RUN]),
        (GRADED, [RUN]),
        (GRADED, [RUN | {"status": "error"}, RUN]),
        (GRADED, [RUN | {"status": "passed"}]),
        (BARE, [RUN | {"status": "failed"}]),
        (BARE, [RUN | {"rows": [[1, 2]]}]),
        (BARE, [RUN | {"rows": [[True]]}]),
        (BARE, [RUN | {"rows": [[[1]]]}]),
        (BARE, [RUN | {"rows": [[{"hex": "zz"}]]}]),
        (BARE, [RUN | {"rows": [[{"text": "00"}]]}]),
        (BARE, [RUN | {"columns": None}]),
    ],
)
def test_what_no_runner_says_is_no_execution(suite: QuerySuite, runs: list[dict[str, object]]) -> None:
    with pytest.raises(SandboxCrashed):
        answer(suite, *runs)


def test_an_execution_is_no_answer_to_a_query() -> None:
    with pytest.raises(SandboxCrashed):
        answer(BARE, RUN, status="passed")


def test_a_failure_says_how_the_results_differ() -> None:
    two = RUN | {"rows": [[1], [2]]}
    for run, gold, ordered, said in (
        (RUN | {"columns": ["a", "b"], "rows": [[1, 2]]}, RUN, False, "2 columns came, 1 expected"),
        (RUN, two, False, "1 row came, 2 expected"),
        (RUN | {"rows": [[1], [1]]}, RUN, False, "2 rows came, 1 expected (some more or less often than expected)"),
        (two, RUN | {"rows": [[2], [1]]}, True, "the rows are right, but not their order"),
        (RUN | {"rows": [[3]]}, RUN, True, "the rows differ"),
    ):
        execution = answer(QuerySuite("x", "SELECT 1", ordered), run, gold)
        (test,) = execution.tests  # type: ignore[attr-defined]
        assert (test.status, test.message) == (Status.FAILED, said)
        assert test.expected
        assert test.actual


def test_a_table_is_short() -> None:
    text = table([f"c{n}" for n in range(30)], [("x" * 1000,) * 30] * 1000)
    lines = text.splitlines()
    assert lines[0].endswith("c15 | … 14 more columns")
    assert lines[-2:] == ["…", "(1000 rows)"]
    assert len(text) < 15_000
    assert table(["a"], []) == "a\n(0 rows)"
