"""Small runs as `bench` leaves them, written by the code that writes them, of solves that are given turn by turn."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.manifest import ModelIdentity, asked
from benchmarks.run import Row, RunFolder
from sandbox.types import AssertSuite, ExceptionInfo, Execution, Status, TestResult
from selfdebug.driver import Result
from selfdebug.events import Completed, Event, Executed, Graded, Submitted
from selfdebug.generator import Completion, Sampling
from selfdebug.loop import begin, step
from selfdebug.options import Budget, Options, Strategy
from selfdebug.problem import Problem
from selfdebug.trajectory import TrajectoryFile

OPTIONS = Options(
    model="openai:m", strategy=Strategy.LINEAR, budget=Budget(turns=3), sampling=Sampling(temperature=0.5)
)


@dataclass(frozen=True)
class Tried:
    """One turn: what the program does in the visible test and in the hidden one, and its tokens."""

    visible: Status = Status.PASSED
    hidden: bool = True
    tokens: int = 100
    raises: str = ""
    program: str = ""


RIGHT, WRONG, RAISES = Tried(), Tried(Status.FAILED, False), Tried(Status.ERROR, False, raises="IndexError")
LUCKY = Tried(hidden=False)


def problem(name: str) -> Problem:
    """A problem with one visible and one hidden test."""
    test = AssertSuite((f"assert {name}() == 1",), entry_point=name)
    hidden = AssertSuite((f"assert {name}() == 1  # hidden",), entry_point=name)
    return Problem(f"P/{name}", f"Write {name}.", name, visible=test, hidden=(hidden,))


def write_run(
    folder: Path,
    solves: Mapping[str, Sequence[Tried] | str],
    *,
    options: Options = OPTIONS,
    data: str = "data",
    visible: str = "examples",
    **changed: Any,
) -> Path:
    """A finished run over these problems; text instead of turns is why one has no result."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder.parent / f"{data}.jsonl"
    file.write_text(data)
    rows = []
    run, problems = RunFolder(folder), {name: problem(name) for name in solves}
    model = asdict(ModelIdentity(options.model, "server"))
    made = {"started": "2026-01-02T03:04:05+00:00", "command": "selfdebug bench", "isolation": "none"}
    what = {**asked(file, list(problems.values()), options, visible), "model": model}
    with run.claim(what, made | {"model_address": "http://127.0.0.1:1/v1"} | changed):
        for name, tried in solves.items():
            if isinstance(tried, str):
                rows.append(Row(problems[name], None, tried))
                continue
            events, result = _solved(problems[name], options, tried)
            rows.append(Row(problems[name], result))
            with TrajectoryFile(run.trajectory(problems[name])) as trajectory:
                for event in events:
                    trajectory.write(event)
        run.finish(rows)
    return folder


def _solved(problem: Problem, options: Options, tried: Sequence[Tried]) -> tuple[list[Event], Result]:
    events: list[Event] = [Submitted(problem, options)]
    state, actions = begin(events[0])  # type: ignore[arg-type]
    for number, turn in enumerate(tried, 1):
        program = turn.program or f"def {problem.entry_point}():\n    return {number}\n"
        asks = actions[0]
        reply = Completion((f"```python\n{program}```",), turn.tokens - 10, 10, 0.5, options.model)
        events.append(Completed(state.step, asks.purpose, asks.request, reply, asks.prompts, at_s=number))  # type: ignore[union-attr]
        state, actions = step(state, events[-1])
        if actions and actions[0].kind == "execute":
            events.append(Executed(state.step, program, _execution(turn), at_s=number + 0.5))
            state, actions = step(state, events[-1])
        if state.outcome:
            break
    assert state.outcome is not None, f"{problem.id} does not end with these turns"
    graded = [
        Graded(turn.number, (Execution(Status.PASSED if given.hidden else Status.FAILED),), 9)
        for turn, given in zip(state.turns, tried, strict=True)
        if not turn.candidate.repeats
    ]
    return [*events, *graded], Result(state, tuple(graded))


def _execution(turn: Tried) -> Execution:
    raised = ExceptionInfo(turn.raises, "list index out of range", line=2) if turn.raises else None
    shown = turn.visible is Status.FAILED
    test = TestResult("assert f() == 1", turn.visible, "f()", "1", "2" if shown else None, raised)
    return Execution(turn.visible, (test,), isolation="none")


def rewrite(folder: Path, change: Mapping[str, Any]) -> None:
    """Change what a run's manifest says was asked."""
    path = folder / "run.json"
    held = json.loads(path.read_text())
    held["asked"] |= change
    path.write_text(json.dumps(held))


def with_budget(**budget: int | None) -> Options:
    """The options with another budget."""
    return replace(OPTIONS, budget=Budget(**budget))  # type: ignore[arg-type]
