"""The local driver: carries the loop's actions out in one asyncio process, and waits for them.

Many solves may run at once over one generator and one sandbox, so that the generator can batch across them.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self

from sandbox.protocol import Executor, Sandbox
from selfdebug.events import (
    Action,
    Completed,
    Event,
    Execute,
    Executed,
    Generate,
    Graded,
    Look,
    Observe,
    Observed,
    Submitted,
    TimedOut,
)
from selfdebug.generator import Completion, Generator
from selfdebug.generators.cancelled import CutOff
from selfdebug.loop import begin, step
from selfdebug.options import Options
from selfdebug.problem import Problem
from selfdebug.state import State
from selfdebug.trajectory import fold

Observer = Callable[[Event, State], None]


@dataclass(frozen=True)
class Result:
    """A solve, as a rule a finished one.

    Attributes:
        graded: The hidden tests' word on the candidates that were asked for, by turn.
    """

    state: State
    graded: tuple[Graded, ...] = ()

    @classmethod
    def of(cls, events: Sequence[Event]) -> Self:
        """What these events have come to, which may be unfinished.

        Raises:
            ValueError: There is no event, or the first one is not `Submitted`.
        """
        return cls(fold(events), tuple(event for event in events if isinstance(event, Graded)))

    @property
    def solved(self) -> bool:
        """Every known test passes, the hidden ones too; without any test, the model's own word."""
        outcome = self.state.outcome
        if outcome is None or not outcome.best:
            return False
        return self.passes(outcome.best) if self._tested else outcome.solved

    def passes(self, turn: int) -> bool:
        """Whether a turn's candidate passes every test, the hidden ones too; False where there are none.

        Examples that are shown in place of the tests do not count: the tests do.
        """
        problem, visible = self.state.problem, self.state.turns[turn - 1].execution
        seen = problem.visible is None or problem.illustrative or (visible is not None and visible.passed)
        return self._tested and seen and (not problem.hidden or self.hidden(turn) is True)

    def hidden(self, turn: int) -> bool | None:
        """Whether a turn's candidate passes the hidden tests, by its own grade or that of the turn that it repeats.

        None where it was not graded.
        """
        same = {turn, self.state.turns[turn - 1].candidate.repeats}
        return next((graded.passed for graded in self.graded if graded.turn in same), None)

    @property
    def _tested(self) -> bool:
        return self.state.problem.visible is not None or bool(self.state.problem.hidden)


async def solve(
    problem: Problem,
    options: Options,
    *,
    generator: Generator,
    sandbox: Sandbox,
    observe: Observer = lambda event, state: None,
    earlier: Sequence[Event] = (),
    grade: Literal["best", "all"] = "best",
) -> Result:
    """Solve one problem, or go on with one.

    Args:
        observe: Called with every new event and the state after it, as it happens.
        earlier: The events of an interrupted solve of the same problem: it goes on from there.
        grade: Which candidates to run against the hidden tests once the loop has ended: the answer alone, or all that
            differ, to tell what each turn was worth.

    Raises:
        SelfDebugError: The generator failed. What happened until then has been observed, so it can be gone on with.
        SandboxError: The sandbox failed; likewise.
        asyncio.CancelledError: The caller's task was cancelled; the solve stays open, so it can be gone on with.
    """
    clock = time.monotonic() - (earlier[-1].at_s if earlier else 0.0)
    if earlier:
        state = fold(earlier)
    else:
        first = Submitted(problem, options)
        state, _ = begin(first)
        observe(first, state)
    graded = [event for event in earlier if isinstance(event, Graded)]

    def happened(event: Event) -> None:
        nonlocal state
        if state.outcome is None:
            event = replace(event, at_s=time.monotonic() - clock)
            state, _ = step(state, event)
            observe(event, state)

    async with sandbox.job() as executor:
        while state.outcome is None:
            seconds = state.options.budget.seconds
            left_s = None if seconds is None else max(seconds - (time.monotonic() - clock), 0.0)
            answers = [_answer(action, generator, executor) for action in state.waiting]
            await side_by_side(answers, left_s, happened)
        for turn in _to_grade(state, grade):
            if turn not in {event.turn for event in graded}:
                event = await _grade(state, turn, executor, clock)
                graded.append(event)
                observe(event, state)
    return Result(state, tuple(graded))


async def side_by_side(
    answers: Iterable[Awaitable[Event]], left_s: float | None, happened: Callable[[Event], None]
) -> None:
    """Wait for all answers at once, `happened` being called with each as it comes; with `TimedOut` if time is over.

    What had been spent on requests that are then cut off is told by that event.

    Args:
        left_s: How long to wait; None where there is no limit.

    Raises:
        Exception: What the first of them that failed did. The others are given up.
    """

    cut: list[CutOff] = []

    async def one(answer: Awaitable[Event]) -> None:
        try:
            happened(await answer)
        except CutOff as request:
            cut.append(request)
            raise

    try:
        async with asyncio.timeout(left_s) as budget, asyncio.TaskGroup() as group:
            for answer in answers:
                group.create_task(one(answer))
    except TimeoutError:
        if not budget.expired():
            raise
        prompt, completion = sum(each.prompt_tokens for each in cut), sum(each.completion_tokens for each in cut)
        happened(TimedOut(prompt, completion, len(cut)))
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None


async def _answer(action: Action, generator: Generator, executor: Executor) -> Completed | Executed | Observed:
    if isinstance(action, Generate):
        completion = await generator.generate(action.request)
        return completed(action, completion)
    if isinstance(action, Observe):
        return await observed(action, executor)
    assert isinstance(action, Execute)
    execution = await executor.run(action.program, action.suite, action.limits)
    return Executed(action.step, action.program, execution, action.turn, action.probe)


def completed(action: Generate, completion: Completion) -> Completed:
    """The event that answers a request."""
    parent = 0 if action.purpose.talks else action.move.parent
    return Completed(action.step, action.purpose, action.request, completion, action.prompts, action.turn, parent)


async def observed(action: Observe, executor: Executor) -> Observed:
    """Have a closer look at how a program fails a test."""
    program, suite, limits = action.program, action.suite, action.limits
    if action.look is Look.TRACE:
        execution = await executor.run(program, suite, limits, trace=True)
        return Observed(action.step, action.look, trace=execution.trace, turn=action.turn)
    from selfdebug.feedback.smallest import smallest  # few solves need it

    found = await smallest(executor, program, suite, action.test, limits, executions=action.executions)
    return Observed(action.step, action.look, smallest=found.test, executions=found.executions, turn=action.turn)


def _to_grade(state: State, grade: Literal["best", "all"]) -> list[int]:
    if not state.problem.hidden or state.outcome is None:
        return []
    wanted = [turn for turn in state.turns if grade == "all" or turn.number == state.outcome.best]
    return sorted({turn.candidate.repeats or turn.number for turn in wanted if turn.candidate.program})


async def _grade(state: State, turn: int, executor: Executor, clock: float) -> Graded:
    program = state.turns[turn - 1].candidate.program
    executions = [await executor.run(program, suite, state.options.limits) for suite in state.problem.hidden]
    return Graded(turn, tuple(executions), time.monotonic() - clock)
