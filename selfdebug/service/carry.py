"""Does what one step asks, within the job's budget of seconds, and says what came of it as events."""

import time
from dataclasses import replace

from sandbox.protocol import Executor
from sandbox.types import AssertSuite, Execution, Limits, Suite
from selfdebug.driver import completed, observed, side_by_side
from selfdebug.errors import GenerationError
from selfdebug.events import Event, Execute, Executed, Generate, Graded, Observe, TimedOut
from selfdebug.service import metrics, tracing
from selfdebug.service.engines import Engines
from selfdebug.service.steps import Grade, Position, Step

Work = Generate | Execute | Observe | Grade

_SAME_MOMENT_S = 0.05  # a model that is told how long it has may give up just before its time is over here


async def carry_out(job: str, step: Step, position: Position, engines: Engines) -> tuple[Event, ...]:
    """The events that answer the step, as they came. Cancelling stops what runs for it.

    Raises:
        SelfDebugError: The model failed.
        SandboxError: The sandbox failed.
    """
    began = time.monotonic()
    left_s = None if isinstance(step.actions[0], Grade) else position.left_s
    events: list[Event] = []

    def happened(event: Event) -> None:
        events.append(replace(event, at_s=position.at_s + time.monotonic() - began))

    try:
        answers = [_answer(job, action, position, engines) for action in step.actions]
        await side_by_side(answers, left_s, happened)
    except GenerationError:
        if left_s is None or time.monotonic() - began < left_s - _SAME_MOMENT_S:
            raise
        happened(TimedOut())
    return tuple(events)


async def _answer(job: str, action: Work, position: Position, engines: Engines) -> Event:
    if isinstance(action, Generate):
        completion = await engines.generate(position.state.options.model, action.request, job=job)
        return completed(action, completion)
    async with engines.executor(job) as executor:
        if isinstance(action, Execute):
            execution = await _run(job, executor, action.program, action.suite, action.limits)
            return Executed(action.step, action.program, execution, action.turn, action.probe)
        if isinstance(action, Observe):
            return await observed(action, executor)
        executions = [await _run(job, executor, action.program, suite, action.limits) for suite in action.suites]
        return Graded(action.turn, tuple(executions))


async def _run(job: str, executor: Executor, program: str, suite: Suite, limits: Limits) -> Execution:
    planned = len(suite.asserts) if isinstance(suite, AssertSuite) else 0
    with metrics.execution(), tracing.execution(planned, job=job) as traced:
        execution = await executor.run(program, suite, limits)
        traced.executed(execution)
        return execution
