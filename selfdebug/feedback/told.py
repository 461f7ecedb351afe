"""What the model is told about a turn: which kinds of feedback, and their text. Reads nothing that is hidden."""

from collections.abc import Mapping

from sandbox.types import Execution, Status, StdioSuite, Suite
from selfdebug.choice import outcome
from selfdebug.events import Purpose
from selfdebug.feedback.auto import chosen
from selfdebug.options import Feedback
from selfdebug.prompts import render
from selfdebug.state import State, Turn

SHOWN_FAILURES = 3  # of one execution; more only dilute the first

Kinds = tuple[Feedback, ...]

# What the model is asked to say before it repairs, by the kind of feedback that wants it.
TALKS_FOR = {
    Feedback.EXPLANATION: Purpose.EXPLAIN,
    Feedback.TRACE: Purpose.TRACE,
    Feedback.RUNTIME_TRACE: Purpose.BLOCKS,
}


def resolved(kinds: Kinds, execution: Execution | None) -> Kinds:
    """The kinds of feedback on a candidate of which that was observed."""
    return chosen(execution) if Feedback.AUTO in kinds else kinds


def report(state: State, turn: Turn, kinds: Kinds, subject: str) -> str:
    """What a turn's execution showed, as far as the kinds of feedback tell it; `subject` names the program."""
    suite, execution = state.problem.visible, turn.execution
    kinds = resolved(kinds, execution)
    failing = [test for test in execution.tests if not test.passed] if execution else []
    return render(
        "report",
        {
            "subject": subject,
            "turn": turn,
            "language": state.problem.language,
            "execution": execution,
            "failing": failing[:SHOWN_FAILURES],
            "details": Feedback.UNIT_TEST in kinds or suite is None,
            "smallest": turn.smallest if Feedback.SMALLEST in kinds else None,
            "grammar": _grammar(turn) if Feedback.GRAMMAR in kinds else "",
            "static": _static(state, turn) if Feedback.STATIC in kinds else "",
            "limits": state.options.limits,
            "suite_kind": suite.kind if suite else "",
            "inputs": inputs(suite),
        },
    )


def failures(state: State) -> tuple[str, ...]:
    """How the last candidates failed that each did so in its own way, in one line each.

    Only where the kinds of feedback tell more than that a candidate is wrong.
    """
    given = inputs(state.problem.visible)
    told = [
        _failure(turn, turn.execution, given)
        for turn in state.turns
        if turn.execution and not turn.passed and Feedback.UNIT_TEST in resolved(state.options.feedback, turn.execution)
    ]
    return tuple(dict.fromkeys(told))[-SHOWN_FAILURES:]


def _failure(turn: Turn, execution: Execution, given: Mapping[str, str]) -> str:
    test = turn.failing
    if execution.exception is not None:
        told = f"one cannot be loaded, it raises {execution.exception.type}"
    elif test is None:
        told = f"one ends with: {execution.status.replace('_', ' ')}"
    else:
        call = f"reading {given[test.name]!r}, one" if test.name in given else f"`{test.call or test.name}`"
        wanted = f", not `{test.expected}`" if test.expected is not None else ""
        told = f"{call} {outcome(test)}{wanted}"
    return " ".join(told.split())


def inputs(suite: Suite | None) -> dict[str, str]:
    """What each test of a whole program reads, by the test's name."""
    cases = suite.cases if isinstance(suite, StdioSuite) else ()
    return {f"case {number}": case.stdin for number, case in enumerate(cases, 1)}


def _grammar(turn: Turn) -> str:
    if turn.execution is None or turn.execution.status is not Status.SYNTAX_ERROR:
        return ""
    from selfdebug.feedback.grammar import grammar, say

    error = grammar(turn.candidate.program)
    return say(error) if error else ""


def _static(state: State, turn: Turn) -> str:
    if not turn.candidate.program or state.problem.language != "python":
        return ""
    from selfdebug.feedback.static import findings, say

    problem = state.problem
    found = findings(turn.candidate.program, entry_point=problem.entry_point, context=problem.context)
    return say(found) if found else ""
