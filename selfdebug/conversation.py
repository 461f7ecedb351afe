"""Turns a solve's state into the next request's messages. Reads only what the model may see: never `Problem.hidden`."""

from sandbox.types import AssertSuite, PytestSuite, StdioCase, StdioSuite
from selfdebug.events import Purpose
from selfdebug.generator import Message
from selfdebug.options import Feedback
from selfdebug.problem import Problem
from selfdebug.prompts import render, shorten, template_hash
from selfdebug.state import State, Turn

SHOWN_FAILURES = 3  # of one execution; more only dilute the first
SHOWN_CASES = 3  # of a stdin/stdout problem, in the first prompt
SHOWN_TURNS = 1  # failed turns before the newest that a prompt still carries
_SHOWN_TESTS_CHARACTERS = 4000

Prompts = tuple[tuple[str, str], ...]


def conversation(state: State, purpose: Purpose) -> tuple[tuple[Message, ...], Prompts]:
    """The messages of the next request, and the hash of each template that they were made from.

    A model that has repeated itself is asked afresh, without sight of the program: while it stands in the prompt, it
    is what a small model writes again, however it is told not to.
    """
    if purpose is Purpose.REPAIR and state.newest.candidate.repeats:
        return (Message("user", _again(state)),), _hashes("write", "report", "again")
    used = ["write"]
    messages = [Message("user", _write(state.problem))]
    new = [turn for turn in state.turns if not turn.candidate.repeats]
    for turn in new[-SHOWN_TURNS - 1 :]:
        messages.append(Message("assistant", _answer(turn), turn.number))
        if turn.explanation:
            ask = "explain" if turn.judged is None else "judge"
            messages.append(Message("user", render(ask, {}), turn.number))
            messages.append(Message("assistant", turn.explanation, turn.number))
            used.append(ask)
        if turn is not state.turns[-1] or purpose is Purpose.REPAIR:
            messages.append(Message("user", _repair(turn, state), turn.number))
            used += ["report", "repair"]
    if purpose in (Purpose.EXPLAIN, Purpose.JUDGE):
        messages.append(Message("user", render(purpose, {}), state.newest.number))
        used.append(purpose)
    return tuple(messages), _hashes(*used)


def _hashes(*names: str) -> Prompts:
    return tuple((name, template_hash(name)) for name in dict.fromkeys(names))


def _write(problem: Problem) -> str:
    suite = problem.visible
    cases: tuple[StdioCase, ...] = suite.cases[:SHOWN_CASES] if isinstance(suite, StdioSuite) else ()
    return render("write", {"problem": problem, "tests": _tests(problem), "cases": cases})


def _tests(problem: Problem) -> str:
    """The visible tests' source, less what the problem's own text says already."""
    suite = problem.visible
    if isinstance(suite, PytestSuite):
        return shorten(suite.source.strip(), _SHOWN_TESTS_CHARACTERS)
    if not isinstance(suite, AssertSuite):
        return ""
    said = _squeezed(problem.statement + problem.context)
    new = [line for line in suite.asserts if _squeezed(_call(line)) not in said]
    setup = [suite.setup.strip()] if new and suite.setup.strip() else []
    return shorten("\n".join(setup + new), _SHOWN_TESTS_CHARACTERS)


def _call(line: str) -> str:
    """What stands between `assert` and the first `==`: enough to find the test in the problem's text."""
    return line.removeprefix("assert").split("==")[0]


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _answer(turn: Turn) -> str:
    if not turn.candidate.program:
        return turn.candidate.reply.strip() or "(no answer)"
    return f"```python\n{turn.candidate.program.strip()}\n```"


def _repair(turn: Turn, state: State) -> str:
    return render("repair", {"report": _report(turn, state, "The code above"), "turn": turn})


def _again(state: State) -> str:
    return render("again", {"request": _write(state.problem), "report": _report(state.newest, state, "It")})


def _report(turn: Turn, state: State, subject: str) -> str:
    execution, suite = turn.execution, state.problem.visible
    failing = [test for test in execution.tests if not test.passed] if execution else []
    values = {
        "subject": subject,
        "turn": turn,
        "execution": execution,
        "failing": failing[:SHOWN_FAILURES],
        "details": Feedback.UNIT_TEST in state.options.feedback or suite is None,
        "limits": state.options.limits,
        "suite_kind": suite.kind if suite else "",
    }
    return render("report", values)
