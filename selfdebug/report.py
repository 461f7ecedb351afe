"""A solve as one JSON object: what `--json` prints and what a row of a benchmark run holds."""

from collections.abc import Iterable
from dataclasses import replace

from sandbox.types import Execution, Status
from selfdebug.driver import Result
from selfdebug.events import Cancelled
from selfdebug.loop import step
from selfdebug.state import State, Turn

_FAULTS = {
    Status.SYNTAX_ERROR: "syntax error",
    Status.FAILED: "wrong value",
    Status.TIMEOUT: "time-out",
    Status.MEMORY_LIMIT: "memory",
}


def summary(result: Result) -> dict[str, object]:
    """The result in plain JSON types. Counts of hidden tests only: their text stays where it is."""
    state = result.state
    best, outcome = state.best, state.outcome
    return {
        "problem": state.problem.id,
        "model": state.options.model,
        "feedback": "+".join(state.options.feedback),
        "solved": result.solved,
        "reason": outcome.reason.value if outcome else None,
        "verified": state.problem.visible is not None or bool(state.problem.hidden),
        "best_turn": best.number if best else None,
        "program": best.candidate.program if best else None,
        "turns": _turns(result),
        "hidden": {
            str(graded.turn): {"passed": graded.passed, "suites": [_counts(e) for e in graded.executions]}
            for graded in result.graded
        },
        "usage": {
            "prompt_tokens": state.usage.prompt_tokens,
            "completion_tokens": state.usage.completion_tokens,
            "requests": state.usage.requests,
            "executions": state.usage.executions,
            "seconds": round(state.at_s, 3),
        },
    }


def answer_after(state: State, turns: int) -> int:
    """The turn whose candidate would be the answer, had the solve ended after its first `turns` turns; 0: none.

    The loop itself says so: it is told that the solve is cancelled there.
    """
    if state.outcome and turns == len(state.turns):
        return state.outcome.best
    shorter = replace(state, turns=state.turns[:turns], outcome=None)
    ended, _ = step(shorter, Cancelled(state.at_s))
    return ended.outcome.best if ended.outcome else 0


def fault(turn: Turn) -> str:
    """What is wrong with a turn's candidate by the visible tests, in a word or two; empty where nothing is.

    An exception is called by its type, a wrong result `wrong value`; of several tests the first failing one decides.
    """
    execution = turn.execution
    if not turn.candidate.program:
        return "no code"
    if execution is None:
        return "not run"
    if execution.passed:
        return ""
    if execution.status is Status.ERROR:
        failing = [test.exception for test in execution.tests if not test.passed]
        raised = next(filter(None, (execution.exception, *failing)), None)
        return raised.type if raised else "exception"
    return _FAULTS.get(execution.status, execution.status.value.replace("_", " "))


def _turns(result: Result) -> Iterable[dict[str, object]]:
    rows, spent = [], 0
    for turn in result.state.turns:
        spent += turn.tokens
        rows.append(_turn(turn) | _standing(result, turn.number) | {"tokens_so_far": spent})
    return rows


def _turn(turn: Turn) -> dict[str, object]:
    return {
        "number": turn.number,
        "parent": turn.candidate.parent or None,
        "program": turn.candidate.program,
        "notes": list(turn.candidate.notes),
        "repeats": turn.candidate.repeats or None,
        "visible": _counts(turn.execution) if turn.execution else None,
        "fault": fault(turn) or None,
        "explanation": turn.explanation or None,
        "judged": turn.judged,
        "tokens": turn.tokens,
        "seconds": round(turn.seconds, 3),
    }


def _standing(result: Result, number: int) -> dict[str, object]:
    """Where a turn left the solve: the hidden tests' word on its candidate, and whether the answer so far is right."""
    answer = answer_after(result.state, number)
    return {
        "hidden_passed": result.hidden(number),
        "answer": answer or None,
        "solved": bool(answer) and result.passes(answer),
    }


def _counts(execution: Execution) -> dict[str, object]:
    return {
        "status": execution.status.value,
        "tests_passed": execution.tests_passed,
        "tests": len(execution.tests),
        "isolation": execution.isolation,
        "unverified": execution.unverified,
    }
