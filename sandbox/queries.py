"""From what queries returned, as the runner reports it, to an execution. Host side, pure.

Only here do the candidate's rows and the expected ones come together: each query ran in a process of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sandbox.resultsets import Row, Value, same_results
from sandbox.types import ExceptionInfo, Execution, QuerySuite, Status, TestResult

NAME = "query"  # of the one test of a `QuerySuite`
_SHOWN_ROWS, _SHOWN_COLUMNS, _CELL = 12, 16, 60

Cell = None | int | float | str | dict[str, str]


@dataclass(frozen=True)
class QueryRun:
    """One query's run, as the runner reports it.

    Attributes:
        status: None where it returned rows, which then decide. The runner can report neither a pass nor a failure.
        message: Why, where the status has no exception.
        rows: A blob is `{"hex": …}`.
    """

    status: Status | None
    message: str
    exception: ExceptionInfo | None
    columns: list[str]
    rows: list[list[Cell]]
    wall_s: float
    cpu_s: float
    memory_bytes: int

    def values(self) -> list[Row]:
        """The rows.

        Raises:
            ValueError: No honest runner reports this.
        """
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError("rows of different lengths")
        return [tuple(map(_value, row)) for row in self.rows]


def judge_query(suite: QuerySuite, runs: list[QueryRun]) -> Execution:
    """The execution that the runs show.

    Args:
        runs: The candidate's, and if that returned rows and others are expected, that of the reference query.

    Raises:
        ValueError: No honest runner reports this.
    """
    expected = 2 if suite.gold and runs and runs[0].status is None else 1
    if len(runs) != expected or any(run.status in (Status.PASSED, Status.FAILED) for run in runs):
        raise ValueError(f"{len(runs)} runs of queries, expected {expected}")
    run = runs[0]
    test = TestResult(NAME, Status.PASSED, exception=run.exception, message=run.message, wall_s=run.wall_s)
    if run.status is not None:
        test = replace(test, status=run.status)
    else:
        rows = run.values()
        test = replace(test, actual=table(run.columns, rows))
        if suite.gold:
            test = _compared(test, rows, run.columns, runs[1], ordered=suite.ordered)
    return Execution(
        status=test.status,
        tests=(test,),
        exception=run.exception if run.status is Status.SYNTAX_ERROR else None,
        wall_s=run.wall_s,
        cpu_s=run.cpu_s,
        memory_bytes=run.memory_bytes,
    )


def _compared(test: TestResult, rows: list[Row], columns: list[str], gold: QueryRun, *, ordered: bool) -> TestResult:
    """The result of a query that ran, after a look at the rows that were expected."""
    if gold.status is not None:
        why = gold.exception.message if gold.exception else gold.message
        return replace(test, status=Status.ERROR, message=f"the problem's own query did not run: {why}")
    expected = gold.values()
    if same_results(expected, rows, ordered=ordered):
        return test
    message = _difference(expected, rows, len(gold.columns), len(columns), ordered=ordered)
    return replace(test, status=Status.FAILED, expected=table(gold.columns, expected), message=message)


def _difference(expected: list[Row], rows: list[Row], wanted: int, came: int, *, ordered: bool) -> str:
    """Say in one line how the results differ."""
    if wanted != came:
        return f"{_count(came, 'column')} came, {wanted} expected"
    if len(expected) != len(rows):
        twice = " (some more or less often than expected)" if set(expected) == set(rows) else ""
        return f"{_count(len(rows), 'row')} came, {len(expected)} expected{twice}"
    if ordered and same_results(expected, rows, ordered=False):
        return "the rows are right, but not their order"
    return "the rows differ"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _value(cell: Cell) -> Value:
    return bytes.fromhex(cell["hex"]) if isinstance(cell, dict) else cell


def table(columns: Sequence[str], rows: Sequence[Row]) -> str:
    """A result as short text: the columns' names, the first rows, and how many there are."""
    more = len(columns) - _SHOWN_COLUMNS
    rest = [f"… {more} more columns"] if more > 0 else []
    lines = [" | ".join([*(_cut(name) for name in columns[:_SHOWN_COLUMNS]), *rest])]
    for row in rows[:_SHOWN_ROWS]:
        lines.append(" | ".join([*(_cut(shown(value)) for value in row[:_SHOWN_COLUMNS]), *(["…"] if rest else [])]))
    if len(rows) > _SHOWN_ROWS:
        lines.append("…")
    return "\n".join([*lines, f"({_count(len(rows), 'row')})"])


def shown(value: Value) -> str:
    """A value on one line."""
    match value:
        case None:
            return "NULL"
        case bytes():
            return f"x'{value.hex()}'"
        case str():
            return " ".join(value.split()) if value.isprintable() or value.strip() else repr(value)
        case _:
            return repr(value)


def _cut(text: str) -> str:
    return text if len(text) <= _CELL else f"{text[: _CELL - 1]}…"
