"""The local driver: carries the loop's actions out in one asyncio process, and waits for them.

Many solves may run at once over one generator and one sandbox, so that the generator can batch across them.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sandbox.protocol import Sandbox
from selfdebug.events import (
    Action,
    Completed,
    Event,
    Execute,
    Executed,
    Generate,
    Graded,
    Submitted,
    TimedOut,
)
from selfdebug.generator import Generator
from selfdebug.loop import begin, step
from selfdebug.options import Options
from selfdebug.problem import Problem
from selfdebug.state import State
from selfdebug.trajectory import fold

Observer = Callable[[Event, State, tuple[Action, ...]], None]


@dataclass(frozen=True)
class Result:
    """A finished solve.

    Attributes:
        graded: The hidden tests' word on the candidates that were asked for, by turn.
    """

    state: State
    graded: tuple[Graded, ...] = ()

    @property
    def solved(self) -> bool:
        """Every known test passes, the hidden ones too; without any test, the model's own word."""
        outcome = self.state.outcome
        if outcome is None or not outcome.best:
            return False
        if not self.state.problem.hidden:
            return outcome.solved
        visible = self.state.best is not None and _passes_visible(self.state)
        return visible and self.passes_hidden(outcome.best)

    def passes_hidden(self, turn: int) -> bool:
        """Whether a turn's candidate was graded and passed."""
        return any(graded.turn == turn and graded.passed for graded in self.graded)


def _passes_visible(state: State) -> bool:
    if state.problem.visible is None:
        return True
    return state.best is not None and state.best.execution is not None and state.best.execution.passed


async def solve(
    problem: Problem,
    options: Options,
    *,
    generator: Generator,
    sandbox: Sandbox,
    observe: Observer = lambda event, state, actions: None,
    earlier: Sequence[Event] = (),
    grade_first: bool = False,
) -> Result:
    """Solve one problem, or go on with one.

    Args:
        observe: Called with every new event, the state after it and the actions that it asks for, as it happens.
        earlier: The events of an interrupted solve of the same problem: it goes on from there.
        grade_first: Also grade the first turn's candidate on the hidden tests, to tell what feedback was worth.

    Raises:
        SelfDebugError: The generator failed. What happened until then has been observed, so it can be gone on with.
        SandboxError: The sandbox failed; likewise.
        asyncio.CancelledError: The caller's task was cancelled; the solve stays open, so it can be gone on with.
    """
    clock = time.monotonic() - (earlier[-1].at_s if earlier else 0.0)
    if earlier:
        state, actions = fold(earlier)
    else:
        first = Submitted(problem, options)
        state, actions = begin(first)
        observe(first, state, actions)
    while state.outcome is None:
        event = await _carry_out(actions[0], state, generator, sandbox, clock)
        state, actions = step(state, event)
        observe(event, state, actions)
    graded = [event for event in earlier if isinstance(event, Graded)]
    for turn in _to_grade(state, grade_first):
        if turn not in {event.turn for event in graded}:
            event = await _grade(state, turn, sandbox, clock)
            graded.append(event)
            observe(event, state, ())
    return Result(state, tuple(graded))


async def _carry_out(action: Action, state: State, generator: Generator, sandbox: Sandbox, clock: float) -> Event:
    seconds = state.options.budget.seconds
    left = None if seconds is None else max(seconds - (time.monotonic() - clock), 0.0)
    event: Event
    try:
        async with asyncio.timeout(left) as budget:
            event = await _answer(action, generator, sandbox)
    except TimeoutError:
        if not budget.expired():
            raise
        event = TimedOut()
    return replace(event, at_s=time.monotonic() - clock)


async def _answer(action: Action, generator: Generator, sandbox: Sandbox) -> Completed | Executed:
    if isinstance(action, Generate):
        completion = await generator.generate(action.request)
        return Completed(action.step, action.purpose, action.request, completion, action.prompts)
    assert isinstance(action, Execute)
    execution = await sandbox.run(action.program, action.suite, action.limits)
    return Executed(action.step, action.program, execution)


def _to_grade(state: State, first: bool) -> list[int]:
    if not state.problem.hidden or state.outcome is None:
        return []
    wanted = {state.outcome.best, 1} if first else {state.outcome.best}
    return [turn.number for turn in state.turns if turn.number in wanted and turn.candidate.program]


async def _grade(state: State, turn: int, sandbox: Sandbox, clock: float) -> Graded:
    program = state.turns[turn - 1].candidate.program
    executions = [await sandbox.run(program, suite, state.options.limits) for suite in state.problem.hidden]
    return Graded(turn, tuple(executions), time.monotonic() - clock)
