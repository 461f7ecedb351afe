"""The second driver's pure part: from a job's events to the step that comes next, and from its result to a record.

A step is what one worker does at one go, under a lease: generations side by side, or executions, or, after the loop has
ended, the hidden tests. No I/O and no clock here; whoever carries steps out measures them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sandbox.types import Limits, Suite
from selfdebug import loop
from selfdebug.driver import Result
from selfdebug.events import Cancelled, Event, Execute, Generate, Graded, Observe, Submitted
from selfdebug.service.records import End, Progress, Status
from selfdebug.state import Reason, State


class Kind(StrEnum):
    """What a step needs: a model, or a sandbox. The names of the queues."""

    GENERATE = "generate"
    EXECUTE = "execute"


@dataclass(frozen=True)
class Grade:
    """Run the hidden tests on the answer; answer with `Graded` of the same turn."""

    turn: int
    program: str
    suites: tuple[Suite, ...]
    limits: Limits


@dataclass(frozen=True)
class Step:
    """What is to be done next, all of one kind. `name` is that of its lease: `g3`, `x4`, `grade2`."""

    name: str
    kind: Kind
    actions: tuple[Generate | Execute | Observe | Grade, ...]


@dataclass(frozen=True)
class Position:
    """Where a job stands: what its first `version` events come to.

    Attributes:
        at_s: Seconds of work until the last event; the waits between steps do not count.
    """

    state: State
    graded: tuple[Graded, ...] = ()
    version: int = 1
    at_s: float = 0.0

    @property
    def left_s(self) -> float | None:
        """What is left of the budget's seconds; None where there is no such limit."""
        seconds = self.state.options.budget.seconds
        return None if seconds is None else max(seconds - self.at_s, 0.0)


def start(event: Event) -> Position:
    """The position after a job's first event.

    Raises:
        ValueError: It is not `Submitted`.
    """
    if not isinstance(event, Submitted):
        raise ValueError("a job begins with a `submitted` event")
    return Position(loop.begin(event)[0])


def follow(position: Position, events: Iterable[Event]) -> Position:
    """The position after these further events."""
    for event in events:
        state, _ = loop.step(position.state, event)
        graded = (*position.graded, event) if isinstance(event, Graded) else position.graded
        at_s = max(position.at_s, event.at_s)
        position = Position(state, graded, position.version + 1, at_s)
    return position


def next_step(position: Position) -> Step | End:
    """What comes next."""
    state = position.state
    if state.outcome is None:
        kind = Kind.GENERATE if isinstance(state.open[0], Generate) else Kind.EXECUTE
        letter = "g" if kind is Kind.GENERATE else "x"
        return Step(f"{letter}{state.open[0].step}", kind, state.open)
    if state.outcome.reason is Reason.CANCELLED:
        return End(Status.CANCELLED, "it was cancelled")
    best = state.best
    if best and state.problem.hidden and best.number not in {graded.turn for graded in position.graded}:
        grade = Grade(best.number, best.candidate.program, state.problem.hidden, state.options.limits)
        return Step(f"grade{best.number}", Kind.EXECUTE, (grade,))
    solved = Result(state, position.graded).solved
    return End(Status.SOLVED) if solved else End(Status.UNSOLVED, _why_not(state))


def kind_of(step: str) -> Kind:
    """What a step of this name needs."""
    return Kind.GENERATE if step.startswith("g") and not step.startswith("grade") else Kind.EXECUTE


def progress(state: State) -> Progress:
    """What the job has come to, for lists of jobs."""
    ended = state if state.outcome else loop.step(state, Cancelled(state.at_s))[0]
    best = ended.best  # the answer, if the job ended now
    execution = best.execution if best else None
    return Progress(
        turns=len(state.turns),
        prompt_tokens=state.usage.prompt_tokens,
        completion_tokens=state.usage.completion_tokens,
        executions=state.usage.executions,
        best=best.number if best else 0,
        tests_passed=execution.tests_passed if execution else 0,
        tests_total=len(execution.tests) if execution else 0,
    )


_SPENT = (Reason.TURNS, Reason.TOKENS, Reason.SECONDS, Reason.EXECUTIONS)


def _why_not(state: State) -> str:
    outcome = state.outcome
    assert outcome is not None
    most = getattr(state.options.budget, outcome.reason) if outcome.reason in _SPENT else None
    if state.best is None:
        found = "the model wrote no program"
    elif (execution := state.best.execution) is None:
        found = "the best candidate was not run"
    elif execution.passed and state.problem.visible is not None:
        found = "every visible test passes, but not every hidden one"
    elif execution.passed:
        found = "not every hidden test passes" if state.problem.hidden else "no test could show that it is right"
    else:
        found = f"{execution.tests_passed} of {len(execution.tests)} visible tests pass"
    return f"{found}; the budget is used up ({outcome.reason}: {most:g})" if most is not None else found
