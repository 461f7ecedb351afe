"""A finished solve as one JSON object: what `--json` prints and what a row of a benchmark run holds."""

from sandbox.types import Execution
from selfdebug.driver import Result
from selfdebug.state import Turn


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
        "turns": [_turn(turn) for turn in state.turns],
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


def _turn(turn: Turn) -> dict[str, object]:
    return {
        "number": turn.number,
        "program": turn.candidate.program,
        "notes": list(turn.candidate.notes),
        "repeats": turn.candidate.repeats or None,
        "visible": _counts(turn.execution) if turn.execution else None,
        "explanation": turn.explanation or None,
        "judged": turn.judged,
        "tokens": turn.tokens,
        "seconds": round(turn.seconds, 3),
    }


def _counts(execution: Execution) -> dict[str, object]:
    return {
        "status": execution.status.value,
        "tests_passed": execution.tests_passed,
        "tests": len(execution.tests),
        "isolation": execution.isolation,
        "unverified": execution.unverified,
    }
