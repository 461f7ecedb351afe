"""The trajectories as the page holds them: each text once, long ones cut, hidden tests as counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.results import Run, Task
from benchmarks.run import trajectory_name
from sandbox.types import Execution, TestResult
from selfdebug.driver import Result
from selfdebug.errors import InputError
from selfdebug.events import Completed, Event, Graded
from selfdebug.prompts import shorten
from selfdebug.report import fault
from selfdebug.state import State, Turn
from selfdebug.trajectory import read

_LONG = 12_000  # characters of a program, a prompt or an explanation
_SHORT = 1_500  # of a value, a message, a traceback
_DETAILED = 8  # failing tests of one turn that are told in detail

OUTCOMES = {
    "first": "Solved by the first answer",
    "repaired": "Solved by a later one",
    "fooled": "Passes the visible tests alone",
    "broken": "Right at first, wrong in the end",
    "unsolved": "Not solved",
    "error": "No result",
}


@dataclass(frozen=True)
class Solve:
    """One problem's trajectory. `state` is None where there is none; then `trouble` says why."""

    task: Task
    state: State | None
    asked: tuple[Completed, ...] = ()
    graded: tuple[Graded, ...] = ()
    trouble: str = ""

    @property
    def outcome(self) -> str:
        """One of `OUTCOMES`."""
        if self.task.error:
            return "error"
        if self.task.solved:
            return "first" if self.task.solved_first else "repaired"
        if self.task.solved_first:
            return "broken"
        passed = self.state is not None and self.state.problem.visible and self.task.reason == "passed"
        return "fooled" if passed else "unsolved"

    @property
    def estimated(self) -> bool:
        """Whether some of its token counts are estimates."""
        return any(event.completion.estimated for event in self.asked)


def read_solve(run: Run, task: Task) -> Solve:
    """Read a problem's trajectory; one that is lost or damaged leaves its row."""
    path = run.path / "trajectories" / trajectory_name(task.problem)
    try:
        return _solve(task, read(path)) if path.exists() else Solve(task, None, trouble="It has no trajectory.")
    except InputError as error:
        return Solve(task, None, trouble=f"{error.place or Path(error.source).name}: {error.problem}")


def _solve(task: Task, events: Sequence[Event]) -> Solve:
    if not events:
        return Solve(task, None, trouble="Its trajectory is empty.")
    wrote = [event for event in events if isinstance(event, Completed) and not event.purpose.talks]
    asked = [event for event in sorted(wrote, key=lambda event: event.turn) for _ in event.completion.texts]
    result = Result.of(events)
    return Solve(task, result.state, tuple(asked[: len(result.state.turns)]), result.graded)


def plain(solve: Solve) -> dict[str, Any]:
    """What the page needs of a solve, in plain JSON types; keys without content are left out."""
    task, state = solve.task, solve.state
    found: dict[str, Any] = {
        "id": task.problem,
        "outcome": solve.outcome,
        "reason": task.reason,
        "error": _cut(task.error, _SHORT),
        "trouble": _cut(solve.trouble, _SHORT),
        "tokens": task.usage.tokens,
        "estimated": solve.estimated,
        "seconds": round(task.usage.seconds, 2),
        "turns": [],
    }
    if state is None:
        return _filled(found)
    found |= {"best": state.outcome.best if state.outcome else 0, "language": state.problem.language}
    requests = [_told(event) for event in solve.asked]
    found["request"] = _cut(requests[0], _LONG) if requests else _cut(state.problem.statement, _LONG)
    for turn, told, event in zip(state.turns, requests, solve.asked, strict=True):
        again = told == requests[0]
        row = task.turns[turn.number - 1] if turn.number <= len(task.turns) else None
        more = {"told": "" if again else _cut(told, _LONG), "solved": bool(row and row.solved)}
        more |= {"earlier": 0 if again else len(event.request.messages) - 1}
        found["turns"].append(_filled(_turn(solve, state, turn) | more))
    return _filled(found)


def _told(event: Completed) -> str:
    return event.request.messages[-1].content if event.request.messages else ""


def _turn(solve: Solve, state: State, turn: Turn) -> dict[str, Any]:
    candidate, execution = turn.candidate, turn.execution
    grades = {graded.turn: graded for graded in solve.graded}
    graded = grades.get(turn.number) or grades.get(candidate.repeats)
    told = {talk.text: talk.purpose.value for talk in turn.talks}
    return {
        "n": turn.number,
        "parent": candidate.parent,
        "repeats": candidate.repeats,
        "notes": list(candidate.notes),
        "program": _cut(candidate.program, _LONG),
        "reply": "" if candidate.program else _cut(candidate.reply, _LONG),
        "fault": fault(turn),
        "talks": [{"purpose": purpose, "text": _cut(text, _LONG)} for text, purpose in told.items()],
        "judged": turn.judged,
        "tokens": turn.tokens,
        "seconds": round(turn.seconds, 2),
        "hidden": _hidden(graded) if graded else None,
        **(_execution(execution) if execution and not candidate.repeats else {}),
    }


def _hidden(graded: Graded) -> dict[str, Any]:
    tests = [test for execution in graded.executions for test in execution.tests]
    return {"passed": graded.passed, "right": sum(test.passed for test in tests), "all": len(tests)}


def _execution(execution: Execution) -> dict[str, Any]:
    failing = [number for number, test in enumerate(execution.tests) if not test.passed and test.ran]
    raised = execution.exception
    return {
        "tests": [test.status.value if test.ran else "" for test in execution.tests],
        "details": [{"at": number + 1} | _test(execution.tests[number]) for number in failing[:_DETAILED]],
        "raised": _cut(f"{raised.traceback}\n{raised.type}: {raised.message}".strip(), _SHORT) if raised else "",
        "unverified": execution.unverified,
    }


def _test(test: TestResult) -> dict[str, Any]:
    raised = test.exception
    return _filled(
        {
            "status": test.status.value,
            "call": _cut(test.call or test.name, _SHORT),
            "expected": _cut(test.expected or "", _SHORT),
            "actual": _cut(test.actual or "", _SHORT),
            "raised": _cut(f"{raised.type}: {raised.message}", _SHORT) if raised else "",
            "line": raised.line if raised else 0,
            "message": _cut(test.message, _SHORT),
            "stdout": _cut(test.stdout, _SHORT),
        }
    )


def _cut(text: str, most: int) -> str:
    return shorten(text, most)


def _filled(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in ("", None, 0, [], False)}
