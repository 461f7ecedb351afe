"""Turns a solve's state into the next request's messages. Reads only what the model may see: never `Problem.hidden`."""

import ast
from dataclasses import replace

from sandbox.types import AssertSuite, PytestSuite, StdioCase, StdioSuite
from selfdebug import syntax
from selfdebug.choice import closest, difference, outcome
from selfdebug.events import Move, Purpose
from selfdebug.feedback.told import TALKS_FOR, Kinds, failures, inputs, report, resolved
from selfdebug.generator import Message
from selfdebug.options import Phrasing
from selfdebug.probes import MOST
from selfdebug.problem import Problem
from selfdebug.prompts import render, shorten, template_hash
from selfdebug.prompts.shots import Shot, shots, shots_hash
from selfdebug.state import State, Talk, Turn

SHOWN_CASES = 3  # of a stdin/stdout problem, in the first prompt
SHOWN_TURNS = 1  # failed turns before the current one that a prompt still carries
_SHOWN_TESTS_CHARACTERS = 4000
_WHAT = {"python": "code", "sql": "query"}
_DEMONSTRATIONS = ("# Test", "# test", "# Example", "# example", "print(", "assert ", "if __name__")
_OF_RIVALS = (Purpose.INPUTS, Purpose.CHOOSE)  # about candidates that pass
_USES = {Purpose.TRACE: ("test",), Purpose.BLOCKS: ("test",)}  # templates that a template is made of

Prompts = tuple[tuple[str, str], ...]


def conversation(state: State, purpose: Purpose, move: Move) -> tuple[tuple[Message, ...], Prompts]:
    """The messages of the next request, and the hash of each template that they were made from.

    A model that has repeated itself is asked afresh, without sight of the program: while it stands in the prompt, it
    is what a small model writes again, however it is told not to.
    """
    if purpose is Purpose.REPAIR and state.turn(move.parent).candidate.repeats:
        messages, used = [Message("user", _again(state, move))], ["write", "report", "test", "again"]
    elif purpose in _OF_RIVALS:
        messages, used = [Message("user", _asked(state, purpose, move))], [purpose, "task"]
    elif purpose is Purpose.WRITE:
        told = failures(state) if move.phrasing is Phrasing.FAILED else ()
        messages, used = [Message("user", _write(state.problem, move.phrasing, told))], ["write"]
    else:
        messages, used = _talk(state, purpose, move)
    hashes = [(name, template_hash(name)) for name in dict.fromkeys(used)]
    if state.options.few_shot and purpose not in _OF_RIVALS:
        messages = [*_examples(state, purpose, move), *messages]
        hashes.append(("shots", shots_hash(state.problem.language)))
    return tuple(messages), tuple(hashes)


def beginning(problem: Problem, phrasing: Phrasing) -> str:
    """How the reply to a request in these words shall begin; empty where the model may begin as it likes.

    A model that has to complete code copies it first, at the cost of its tokens, and often goes astray.
    """
    if phrasing is not Phrasing.BEGUN or "```" in problem.context:
        return ""
    context = f"{problem.context.rstrip()}\n" if _is_stub(problem.context) else ""
    return f"```{problem.language}\n{context}"


def demonstrations(problem: Problem) -> tuple[str, ...]:
    """How lines of code begin after which nothing of the program is to be expected: it is called, or tested.

    None where the whole program is what is wanted, and not a function of it.
    """
    return _DEMONSTRATIONS if problem.entry_point and problem.language == "python" else ()


def _is_stub(context: str) -> bool:
    """Whether it ends with a function that has no body yet but its docstring."""
    tree = syntax.try_parse(context)
    last = tree.body[-1] if tree is not None and tree.body else None
    return isinstance(last, ast.FunctionDef) and len(last.body) == 1 and ast.get_docstring(last) is not None


def _talk(state: State, purpose: Purpose, move: Move) -> tuple[list[Message], list[str]]:
    """The problem, the last turns on the way to the one that is repaired, and what is wanted of it now."""
    messages, used = [Message("user", _write(state.problem))], ["write"]
    for turn, kinds in _way(state, move)[-SHOWN_TURNS - 1 :]:
        messages.append(Message("assistant", _answer(state.problem, turn), turn.number))
        for talk in _talks(turn, kinds):
            messages.append(Message("user", _ask(state, turn, talk.purpose), turn.number))
            messages.append(Message("assistant", talk.text, turn.number))
            used += [talk.purpose, *_USES.get(talk.purpose, ())]
        if turn.number != move.parent or purpose is Purpose.REPAIR:
            messages.append(Message("user", _repair(state, turn, kinds), turn.number))
            used += ["report", "test", "repair"]
    if purpose is not Purpose.REPAIR:
        messages.append(Message("user", _ask(state, state.turn(move.parent), purpose), move.parent))
        used += [purpose, *_USES.get(purpose, ())]
    return messages, used


def _way(state: State, move: Move) -> list[tuple[Turn, Kinds]]:
    """The turn that is repaired and those that it was made from, each with what is told of it, the first one first.

    Those that only repeat are left out.
    """
    turn, kinds = state.turn(move.parent), move.feedback
    way = [(turn, kinds)]
    while turn.candidate.parent:
        turn, kinds = state.turn(turn.candidate.parent), turn.candidate.move.feedback
        way.append((turn, kinds))
    return [(turn, kinds) for turn, kinds in reversed(way) if not turn.candidate.repeats]


def _talks(turn: Turn, kinds: Kinds) -> list[Talk]:
    """What the model said of a turn, of that which these kinds of feedback ask for, and its judgement."""
    wanted = {TALKS_FOR[kind] for kind in resolved(kinds, turn.execution) if kind in TALKS_FOR}
    return [talk for talk in turn.talks if talk.purpose in wanted or talk.purpose is Purpose.JUDGE]


def _examples(state: State, purpose: Purpose, move: Move) -> list[Message]:
    """Worked examples of the same request, in its very form, never dropped."""
    messages: list[Message] = []
    for shot in shots(state.problem.language, judged=state.problem.visible is None):
        program = _fenced(shot.problem, shot.repaired or shot.turn.candidate.program)
        if purpose is Purpose.WRITE:
            messages += [Message("user", _write(shot.problem)), Message("assistant", program)]
            continue
        example, same = _example(state, shot), replace(move, parent=1)
        if shot.repaired:
            messages += [*_talk(example, Purpose.REPAIR, same)[0], Message("assistant", program)]
        else:
            messages += [*_talk(example, Purpose.REPAIR, same)[0][:-1]]
    return [replace(message, turn=0) for message in messages]


def _example(state: State, shot: Shot) -> State:
    """An example as if it had been solved so far with the same options."""
    turn = shot.turn
    if shot.problem.visible:
        turn = replace(turn, talks=tuple(talk for talk in turn.talks if talk.purpose is not Purpose.JUDGE))
    return State(shot.problem, replace(state.options, few_shot=False), turns=(turn,))


def _write(problem: Problem, phrasing: Phrasing = Phrasing.PLAIN, failures: tuple[str, ...] = ()) -> str:
    suite = problem.visible
    cases: tuple[StdioCase, ...] = suite.cases[:SHOWN_CASES] if isinstance(suite, StdioSuite) else ()
    values = {"problem": problem, "tests": _tests(problem), "cases": cases, "phrasing": phrasing, "failures": failures}
    return render("write", values)


def _asked(state: State, purpose: Purpose, move: Move) -> str:
    """What the model is asked about candidates that pass: other calls, or which of two is right in one."""
    problem = state.problem
    values: dict[str, object] = {"problem": problem, "tests": _tests(problem), "most": MOST}
    if purpose is Purpose.CHOOSE:
        first, second = sorted(closest(state.turns) or (), key=lambda turn: turn.number != move.parent)
        one, other = difference(first, second)
        values |= {"call": one.call or one.name, "outcomes": (outcome(one), outcome(other))}
    return render(purpose, values)


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


def _answer(problem: Problem, turn: Turn) -> str:
    if not turn.candidate.program:
        return turn.candidate.reply.strip() or "(no answer)"
    return _fenced(problem, turn.candidate.program)


def _fenced(problem: Problem, program: str) -> str:
    return f"```{problem.language}\n{program.strip()}\n```"


def _ask(state: State, turn: Turn, purpose: Purpose) -> str:
    """What the model is asked to say of a turn's candidate."""
    values = {
        "language": state.problem.language,
        "test": turn.failing,
        "inputs": inputs(state.problem.visible),
        "limits": state.options.limits,
        "rows": _rows(turn),
        "blocks": "",
    }
    if purpose is Purpose.BLOCKS and turn.trace:
        from selfdebug.feedback.runtime import walk

        values["blocks"] = walk(turn.candidate.program, turn.trace)
    return render(purpose, values)


def _rows(turn: Turn) -> str:
    """What a query that has no test gave."""
    tests = turn.execution.tests if turn.execution else ()
    return next((test.actual for test in tests if test.actual is not None), "")


def _repair(state: State, turn: Turn, kinds: Kinds) -> str:
    language = state.problem.language
    said = report(state, turn, kinds, f"The {_WHAT[language]} above")
    return render("repair", {"report": said, "turn": turn, "language": language})


def _again(state: State, move: Move) -> str:
    said = report(state, state.turn(move.parent), move.feedback, "It")
    return render("again", {"request": _write(state.problem), "report": said})
