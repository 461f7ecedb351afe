"""The self-debugging loop as a pure state machine: an event goes in, the new state and actions come out.

Write candidates, run them, tell the model what happened, let it repair; until the visible tests pass or the budget is
spent (Chen et al., "Teaching Large Language Models to Self-Debug", 2023, figure 1). What is written next is for the
strategy to say, in rounds: each round's candidates are made side by side, and looked at when the last one is there.
No I/O, no clock, no randomness: the same events always give the same state, so a solve can be stored, moved and
resumed at any event.
"""

import re
from dataclasses import replace
from typing import Any

from sandbox.types import Execution
from selfdebug import actions
from selfdebug.choice import best, closest, rivals
from selfdebug.events import (
    Action,
    Answer,
    Asked,
    Cancelled,
    Completed,
    Event,
    Execute,
    Executed,
    Finish,
    Generate,
    Graded,
    Look,
    Move,
    Observe,
    Observed,
    Purpose,
    Submitted,
    TimedOut,
)
from selfdebug.feedback.told import TALKS_FOR, resolved
from selfdebug.generator import Completion
from selfdebug.options import Feedback, Strategy
from selfdebug.reply import extract_program, normalised
from selfdebug.state import Candidate, Outcome, Reason, State, Talk, Turn, Usage
from selfdebug.strategies import enough, focus, moves

Step = tuple[State, tuple[Action, ...]]

_LOOKS_FOR = {Feedback.SMALLEST: Look.SMALLEST, Feedback.RUNTIME_TRACE: Look.TRACE}
_ANSWER = re.compile(r"ANSWER\W{1,8}([12])", re.IGNORECASE)
_VERDICT = re.compile(r"VERDICT\W{1,4}(correct|wrong)", re.IGNORECASE)


def begin(event: Submitted) -> Step:
    """Start a solve."""
    return _go_on(State(event.problem, event.options))


def step(state: State, event: Event) -> Step:
    """Take one event in.

    After the end, and for an event that answers no open action, nothing changes and nothing is asked.
    """
    if state.outcome or isinstance(event, Submitted | Graded):
        return state, ()
    if isinstance(event, TimedOut | Cancelled):
        state = _taken_in(replace(state, at_s=event.at_s, usage=_spent(state, event)))
        over = Reason.SECONDS if isinstance(event, TimedOut) else Reason.CANCELLED
        return _finish(state, Reason.PASSED if _passed(state) else over)
    if not any(_answers(event, action) for action in state.waiting):
        return state, ()
    state = replace(
        state, at_s=max(state.at_s, event.at_s), usage=_spent(state, event), answers=(*state.answers, event)
    )
    if state.waiting:
        return state, ()
    return _go_on(replace(_taken_in(state), open=(), answers=()))


def _answers(event: Answer, action: Action) -> bool:
    if isinstance(action, Finish) or event.step != action.step:
        return False
    if isinstance(event, Completed):
        return isinstance(action, Generate)
    if isinstance(event, Observed):
        return isinstance(action, Observe) and event.look is action.look
    return action.kind == "execute"


def _spent(state: State, event: Answer | TimedOut | Cancelled) -> Usage:
    usage = state.usage
    if isinstance(event, Executed | Observed):
        executions = event.executions if isinstance(event, Observed) else 1
        return replace(usage, executions=usage.executions + executions)
    if isinstance(event, Cancelled):
        return usage
    spent, requests = (event.completion, 1) if isinstance(event, Completed) else (event, event.requests)
    return replace(
        usage,
        prompt_tokens=usage.prompt_tokens + spent.prompt_tokens,
        completion_tokens=usage.completion_tokens + spent.completion_tokens,
        requests=usage.requests + requests,
    )


def _taken_in(state: State) -> State:
    """The state with what has come. Turns have no gaps: candidates that come after one that has not are left out."""
    answers = {answer.step: answer for answer in state.answers}
    for action in state.open:
        if action.step in answers:
            state = _take_in(state, action, answers[action.step])
        elif isinstance(action, Generate) and not action.purpose.talks:
            break
    return state


def _take_in(state: State, action: Asked, answer: Answer) -> State:
    seconds = max(answer.at_s - state.asked_s, 0.0)
    if isinstance(answer, Completed):
        assert isinstance(action, Generate)
        return _completed(state, action, answer.completion, seconds)
    if isinstance(answer, Executed):
        assert isinstance(action, Execute)
        return _executed(state, action, answer.execution, seconds)
    looked = (*state.turn(action.turn).looked, answer.look)
    seen = {"trace": answer.trace} if answer.look is Look.TRACE else {"smallest": answer.smallest}
    return _with(state, action.turn, seconds=seconds, looked=looked, **seen)


def _completed(state: State, action: Generate, completion: Completion, seconds: float) -> State:
    tokens = completion.tokens
    purpose = action.purpose
    if purpose.talks:
        text = completion.texts[0]
        judged = _judged(text) if purpose is Purpose.JUDGE else None
        preferred = _preferred(text) if purpose is Purpose.CHOOSE else None
        talks = (*state.turn(action.turn).talks, Talk(purpose, text.strip()))
        said = {"talks": talks, "judged": judged, "preferred": preferred}
        return _with(state, action.turn, tokens=tokens, seconds=seconds, **said)
    first = len(state.turns) + 1
    for text in completion.texts:
        state = replace(state, turns=(*state.turns, _turn(state, text, action)))
    return _with(state, first, tokens=tokens, seconds=seconds)


def _turn(state: State, reply: str, action: Generate) -> Turn:
    extracted = extract_program(reply, state.problem)
    program = extracted.code or ""
    same = normalised(program)
    earlier = [turn for turn in state.turns if turn.candidate.program and normalised(turn.candidate.program) == same]
    repeats = earlier[0].number if program and earlier else 0
    candidate = Candidate(program, reply, extracted.notes, action.move, repeats)
    return Turn(len(state.turns) + 1, candidate, execution=earlier[0].execution if repeats else None)


def _executed(state: State, action: Execute, execution: Execution, seconds: float) -> State:
    seen: dict[str, Any] = {"probed" if action.probe else "execution": execution}
    state = _with(state, action.turn, seconds=seconds, **seen)
    for turn in state.turns:
        if turn.candidate.repeats == action.turn:  # it was drawn beside that one
            state = _with(state, turn.number, **seen)
    return state


def _with(state: State, number: int, *, tokens: int = 0, seconds: float = 0.0, **changes: object) -> State:
    now = state.turn(number)
    turn = replace(now, tokens=now.tokens + tokens, seconds=now.seconds + seconds, **changes)  # type: ignore[arg-type]
    return replace(state, turns=(*state.turns[: number - 1], turn, *state.turns[number:]))


def _judged(reply: str) -> bool:
    """Whether the model calls its code right. A reply without a verdict does not."""
    verdicts = _VERDICT.findall(reply)
    return bool(verdicts) and verdicts[-1].lower() == "correct"


def _preferred(reply: str) -> bool | None:
    """Whether the model takes the first of the two that it was shown; None where it takes none."""
    answers = _ANSWER.findall(reply)
    return answers[-1] == "1" if answers else None


def _go_on(state: State) -> Step:
    """What comes next, now that nothing is waited for."""
    if _passed(state) and enough(state):
        return _choose(state)
    unrun = [turn for turn in state.turns if turn.candidate.program and turn.execution is None]
    if unrun:
        return _ask(state, actions.executions(state, unrun), Reason.EXECUTIONS)
    turn = focus(state) if state.turns and not state.moves else None
    if turn and turn.judged:
        return _finish(state, Reason.JUDGED, turn.number)
    if turn and _to_judge(state, turn):
        return _ask(state, actions.generations(state, [(Purpose.JUDGE, Move(turn.number))]), Reason.TOKENS)
    if not state.moves:
        left = state.options.budget.turns - len(state.turns)
        state = replace(state, moves=_within(moves(state), left))
    if not state.moves:
        return _finish(state, Reason.PASSED if _passed(state) else Reason.TURNS)
    looks = {(look, move.parent): None for move in state.moves for look in _looks(state, move)}
    if looks:
        return _ask(state, actions.observations(state, list(looks)), Reason.EXECUTIONS)
    talks = {(talk, move.parent): move for move in state.moves for talk in _talks(state, move)[:1]}
    if talks:
        wanted = [(purpose, move) for (purpose, _), move in talks.items()]
        return _ask(state, actions.generations(state, wanted), Reason.TOKENS)
    wanted = [(Purpose.REPAIR if move.parent else Purpose.WRITE, move) for move in state.moves]
    asked = actions.generations(state, wanted)
    return _ask(replace(state, moves=state.moves[len(asked) :]), asked, Reason.TOKENS)


def _passed(state: State) -> bool:
    """Whether a candidate passes every visible test."""
    return state.problem.visible is not None and any(turn.passed for turn in state.turns)


def _choose(state: State) -> Step:
    """The end of a solve in which a candidate passes; where several do, they are told apart first."""
    passing = rivals(state.turns)
    if len(passing) > 1 and passing[0].probed is None:
        wanted = actions.inputs_wanted(state) and not _said(passing[0], Purpose.INPUTS)
        asked = actions.generations(state, [(Purpose.INPUTS, Move(passing[0].number))]) if wanted else ()
        if asked:
            return _ask(state, asked, Reason.PASSED)
        return _ask(state, actions.probings(state, passing), Reason.PASSED)
    close = closest(state.turns)
    if close and not _said(close[0], Purpose.CHOOSE):
        asked = actions.generations(state, [(Purpose.CHOOSE, Move(turn.number)) for turn in close])
        # Both orders or none: a small model takes what stands first.
        return _ask(state, asked if len(asked) == len(close) else (), Reason.PASSED)
    return _finish(state, Reason.PASSED)


def _said(turn: Turn, purpose: Purpose) -> bool:
    return any(talk.purpose is purpose for talk in turn.talks)


def _within(wanted: tuple[Move, ...], left: int) -> tuple[Move, ...]:
    """As many of the moves, in their order, as make no more candidates than are left."""
    kept: list[Move] = []
    for move in wanted:
        n = min(move.n, left)
        if n > 0:
            kept.append(replace(move, n=n))
            left -= n
    return tuple(kept)


def _to_judge(state: State, turn: Turn) -> bool:
    """Whether only the model itself can say if the solve is over."""
    runs = turn.passed is True and not turn.candidate.repeats
    afresh = state.options.strategy is Strategy.RESAMPLE
    return runs and not afresh and state.problem.visible is None and turn.judged is None


def _looks(state: State, move: Move) -> list[Look]:
    """The closer looks that a move's feedback needs and nobody has had."""
    if not _can_be_told(state, move):
        return []
    turn = state.turn(move.parent)
    kinds = resolved(move.feedback, turn.execution) if turn.failing and state.problem.visible else ()
    return [look for kind, look in _LOOKS_FOR.items() if kind in kinds and look not in turn.looked]


def _talks(state: State, move: Move) -> list[Purpose]:
    """What a move's feedback needs the model to say, and it has not said."""
    if not _can_be_told(state, move):
        return []
    turn = state.turn(move.parent)
    assert turn.execution is not None
    possible = {
        Purpose.EXPLAIN: turn.execution.exception is None,
        Purpose.TRACE: turn.failing is not None and state.problem.visible is not None,
        Purpose.BLOCKS: turn.trace is not None,
    }
    said = {talk.purpose for talk in turn.talks}
    kinds = resolved(move.feedback, turn.execution)
    return [talk for kind, talk in TALKS_FOR.items() if kind in kinds and possible[talk] and talk not in said]


def _can_be_told(state: State, move: Move) -> bool:
    """Whether there is anything new to be said of what the move repairs."""
    turn = state.turn(move.parent) if move.parent else None
    return turn is not None and turn.passed is False and not turn.candidate.repeats


def _ask(state: State, asked: tuple[Asked, ...], spent: Reason) -> Step:
    """Open the actions; where the budget allows none, the solve ends for that reason."""
    if not asked:
        return _finish(state, spent)
    return replace(state, step=asked[-1].step, open=asked, asked_s=state.at_s), asked


def _finish(state: State, reason: Reason, number: int | None = None) -> Step:
    outcome = Outcome(reason, best(state.turns) if number is None else number)
    return replace(state, outcome=outcome, moves=(), open=(), answers=()), (Finish(),)
