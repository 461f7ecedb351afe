"""The self-debugging loop as a pure state machine: an event goes in, the new state and actions come out.

Write a candidate, run it, tell the model what happened, let it repair; until the visible tests pass or the budget is
spent (Chen et al., "Teaching Large Language Models to Self-Debug", 2023, figure 1). No I/O, no clock, no randomness:
the same events always give the same state, so a solve can be stored, moved and resumed at any event.
"""

import re
from dataclasses import replace

from sandbox.types import AssertSuite, Suite
from selfdebug.conversation import conversation
from selfdebug.events import (
    Action,
    Cancelled,
    Completed,
    Event,
    Execute,
    Executed,
    Finish,
    Generate,
    Graded,
    Purpose,
    Submitted,
    TimedOut,
)
from selfdebug.generator import GenerationRequest
from selfdebug.options import Feedback
from selfdebug.reply import extract_program, normalised
from selfdebug.state import Candidate, Outcome, Reason, State, Turn

Step = tuple[State, tuple[Action, ...]]

_VERDICT = re.compile(r"VERDICT\W{1,4}(correct|wrong)", re.IGNORECASE)


def begin(event: Submitted) -> Step:
    """Start a solve."""
    return _generate(State(event.problem, event.options), Purpose.WRITE)


def step(state: State, event: Event) -> Step:
    """Take one event in.

    After the end, and for an event that answers no open action, nothing changes and nothing is asked.
    """
    if state.outcome or isinstance(event, Submitted | Graded):
        return state, ()
    if isinstance(event, TimedOut | Cancelled):
        state = replace(state, at_s=event.at_s)
        return _finish(state, Reason.SECONDS if isinstance(event, TimedOut) else Reason.CANCELLED)
    if event.step != state.step or isinstance(event, Executed) != (state.purpose is None):
        return state, ()
    seconds = event.at_s - state.at_s
    state = replace(state, at_s=event.at_s)
    return _executed(state, event, seconds) if isinstance(event, Executed) else _completed(state, event, seconds)


def _completed(state: State, event: Completed, seconds: float) -> Step:
    completion, usage = event.completion, state.usage
    tokens = completion.prompt_tokens + completion.completion_tokens
    usage = replace(
        usage,
        prompt_tokens=usage.prompt_tokens + completion.prompt_tokens,
        completion_tokens=usage.completion_tokens + completion.completion_tokens,
        requests=usage.requests + 1,
    )
    state = replace(state, usage=usage)
    reply = completion.texts[0]
    if state.purpose in (Purpose.EXPLAIN, Purpose.JUDGE):
        judged = _judged(reply) if state.purpose is Purpose.JUDGE else None
        state = _with_newest(state, explanation=reply.strip(), judged=judged, tokens=tokens, seconds=seconds)
        return _finish(state, Reason.JUDGED) if judged else _repair(state)
    turn = Turn(len(state.turns) + 1, _candidate(state, reply), tokens=tokens, seconds=seconds)
    if turn.candidate.repeats:
        turn = replace(turn, execution=state.turns[turn.candidate.repeats - 1].execution)
    state = replace(state, turns=(*state.turns, turn))
    if not turn.candidate.program or turn.candidate.repeats:
        return _repair(state)
    return _execute(state)


def _candidate(state: State, reply: str) -> Candidate:
    extracted = extract_program(reply, state.problem)
    program = extracted.code or ""
    same = normalised(program)
    earlier = [turn for turn in state.turns if turn.candidate.program and normalised(turn.candidate.program) == same]
    return Candidate(
        program=program,
        reply=reply,
        notes=extracted.notes,
        parent=len(state.turns),
        repeats=earlier[0].number if program and earlier else 0,
    )


def _executed(state: State, event: Executed, seconds: float) -> Step:
    usage = replace(state.usage, executions=state.usage.executions + 1)
    state = _with_newest(replace(state, usage=usage), execution=event.execution, seconds=seconds)
    if event.execution.passed and state.problem.visible:
        return _finish(state, Reason.PASSED)
    if event.execution.passed:
        return _generate(state, Purpose.JUDGE)
    if Feedback.EXPLANATION in state.options.feedback and event.execution.exception is None:
        return _generate(state, Purpose.EXPLAIN)
    return _repair(state)


def _repair(state: State) -> Step:
    if len(state.turns) >= state.options.budget.turns:
        return _finish(state, Reason.TURNS)
    return _generate(state, Purpose.REPAIR)


def _generate(state: State, purpose: Purpose) -> Step:
    budget, sampling = state.options.budget, state.options.sampling
    left = None if budget.tokens is None else budget.tokens - state.usage.tokens
    if left is not None and left <= 0:
        return _finish(state, Reason.TOKENS)
    messages, prompts = conversation(state, purpose)
    talk = purpose in (Purpose.EXPLAIN, Purpose.JUDGE)
    most = state.options.explanation_tokens if talk else sampling.max_new_tokens
    repeats = sum(turn.candidate.repeats > 0 for turn in state.turns)
    sampling = replace(
        sampling,
        temperature=sampling.temperature if talk or not repeats else _raised(sampling.temperature, repeats),
        seed=sampling.seed + state.step,
        max_new_tokens=most if left is None else min(most, left),
        stop_after_code=not talk,
    )
    timeout_s = None if budget.seconds is None else max(budget.seconds - state.at_s, 0.001)
    state = replace(state, step=state.step + 1, purpose=purpose)
    request = GenerationRequest(messages, sampling, timeout_s=timeout_s)
    return state, (Generate(state.step, purpose, request, prompts),)


def _raised(temperature: float, repeats: int) -> float:
    """A greedy model that repeats itself will go on doing so: each repeat makes the next draw freer, up to 1."""
    return max(temperature, min(0.6 + 0.2 * repeats, 1.0))


def _execute(state: State) -> Step:
    most = state.options.budget.executions
    if most is not None and state.usage.executions >= most:
        return _finish(state, Reason.EXECUTIONS)
    state = replace(state, step=state.step + 1, purpose=None)
    suite = state.problem.visible or _loads(state)
    return state, (Execute(state.step, state.newest.candidate.program, suite, state.options.limits),)


def _loads(state: State) -> Suite:
    """What can be asked of a candidate where there is no test: that it loads and defines its entry point."""
    return AssertSuite(asserts=(), entry_point=state.problem.entry_point)


def _finish(state: State, reason: Reason) -> Step:
    return replace(state, outcome=Outcome(reason, _best(state, reason)), purpose=None), (Finish(),)


def _best(state: State, reason: Reason) -> int:
    """The turn whose candidate passed most visible tests, then the earliest; 0 if there is no program at all."""
    if reason in (Reason.PASSED, Reason.JUDGED):
        return state.newest.number
    written = [turn for turn in state.turns if turn.candidate.program]
    return max(written, key=lambda turn: (*_merit(turn), -turn.number)).number if written else 0


def _merit(turn: Turn) -> tuple[int, bool]:
    return turn.tests_passed, turn.execution is not None and turn.execution.exception is None


def _with_newest(
    state: State,
    *,
    tokens: int = 0,
    seconds: float = 0.0,
    **changes: object,
) -> State:
    newest = state.newest
    turn = replace(newest, tokens=newest.tokens + tokens, seconds=newest.seconds + seconds, **changes)  # type: ignore[arg-type]
    return replace(state, turns=(*state.turns[:-1], turn))


def _judged(reply: str) -> bool:
    """Whether the model calls its code right. A reply without a verdict does not."""
    verdicts = _VERDICT.findall(reply)
    return bool(verdicts) and verdicts[-1].lower() == "correct"
