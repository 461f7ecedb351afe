"""Which of several candidates that pass is the answer: what most do, or else what the model prefers."""

from dataclasses import replace

import pytest

from sandbox.types import AssertSuite, Execution, Status, TestResult
from selfdebug.choice import closest, difference, outcome
from selfdebug.events import Execute, Generate, Purpose
from selfdebug.loop import step
from selfdebug.options import Budget, Strategy
from selfdebug.problem import Problem
from selfdebug.state import Candidate, Outcome, Reason, Turn

from .test_loop import TESTED, executed, execution
from .test_loop import completed as replied
from .test_strategies import FOUR, Solve, options


def probed(solve: Solve, does: dict[int, str]) -> Solve:
    """Answer the probes: what each turn's candidate returns."""
    for action in solve.state.waiting:
        assert isinstance(action, Execute)
        assert action.probe
        seen = execution(False, False)
        test = replace(seen.tests[1], actual=does[action.turn], call="add(3, 4)")
        solve.state, _ = step(solve.state, executed(action, replace(seen, tests=(seen.tests[0], test))))
    return solve


def said(solve: Solve, *replies: str) -> Solve:
    """Answer the open requests."""
    for action, reply in zip(solve.state.waiting, replies, strict=True):
        assert isinstance(action, Generate)
        solve.state, _ = step(solve.state, replied(action, reply))
    return solve


def tied(problem: Problem = FOUR, **budget: int) -> Solve:
    """Turns 2 and 3 pass, and do different things elsewhere."""
    asked = replace(options(Strategy.ROUNDS), budget=Budget(turns=60, **budget))
    return Solve(asked, {2: 4, 3: 4}, problem).play(2)


@pytest.mark.parametrize(
    ("replies", "chosen"),
    [
        (("It is 7.\nANSWER: 1", "ANSWER: 2"), 2),
        (("ANSWER: 2", "It is 8.\nANSWER: 1"), 3),
        (("ANSWER: 1", "ANSWER: 1"), 2),  # it takes what stands first
        (("ANSWER: 2", "ANSWER: 2"), 2),
        (("no answer", "**ANSWER**: `1`"), 3),
        (("ANSWER: 1? No. ANSWER: 2", "ANSWER: 1"), 3),
        (("", ""), 2),
    ],
)
def test_between_two_that_as_many_do_the_models_preference_decides(replies: tuple[str, str], chosen: int) -> None:
    solve = probed(tied(), {2: "7", 3: "8"})
    asked = solve.state.waiting
    assert [(action.purpose, action.turn) for action in asked if isinstance(action, Generate)] == [
        (Purpose.CHOOSE, 2),
        (Purpose.CHOOSE, 3),
    ]
    for action, order in zip(asked, (("7", "8"), ("8", "7")), strict=True):
        assert isinstance(action, Generate)
        (message,) = action.request.messages
        assert f"`add(3, 4)`\n\n1: returns `{order[0]}`\n2: returns `{order[1]}`" in message.content
        assert FOUR.statement in message.content
        assert {name for name, _ in action.prompts} == {"choose", "task"}
    said(solve, *replies)
    assert solve.state.outcome == Outcome(Reason.PASSED, chosen)


def test_where_one_leads_or_all_do_the_same_the_model_is_not_asked() -> None:
    solve = Solve(options(Strategy.ROUNDS), {2: 4, 3: 4, 4: 4}).play(2)
    assert probed(solve, {2: "7", 3: "8", 4: "8"}).state.outcome == Outcome(Reason.PASSED, 3)
    assert probed(tied(), {2: "7", 3: "7"}).state.outcome == Outcome(Reason.PASSED, 2)


def test_it_is_asked_in_both_orders_or_not_at_all() -> None:
    solve = tied(tokens=620)  # 450 are spent, so that not both fit
    assert probed(solve, {2: "7", 3: "8"}).state.outcome == Outcome(Reason.PASSED, 2)
    assert solve.state.usage.tokens < 620


def test_where_no_call_is_known_the_model_writes_some() -> None:
    suite = AssertSuite(("assert add(*pair) == 4", "assert add(b=1, a=2) == 3", "x", "y"), "pair = (1, 3)", "add")
    solve = tied(replace(TESTED, visible=suite))
    (action,) = solve.state.waiting
    assert isinstance(action, Generate)
    assert (action.purpose, action.turn) == (Purpose.INPUTS, 2)
    assert "16 other calls of `add`" in action.request.messages[0].content
    reply = (
        "```python\nadd(1, 2)\nadd(1, 2)  # again\nassert add(-1, 0) == -1\nprint(add([], []))\nadd(x, 1)\nmul(1)\n```"
    )
    said(solve, reply)
    asked = [action for action in solve.state.waiting if isinstance(action, Execute)]
    assert [(action.turn, action.probe) for action in asked] == [(2, True), (3, True)]
    assert isinstance(asked[0].suite, AssertSuite)
    assert [line.partition(" ==")[0] for line in asked[0].suite.asserts] == [
        "assert add(1, 2)",
        "assert add(-1, 0)",
        "assert add([], [])",
    ]
    probed(solve, {2: "7", 3: "8"})
    assert all(isinstance(action, Generate) for action in solve.state.waiting)


def test_where_the_model_writes_none_the_first_that_passes_is_the_answer() -> None:
    suite = AssertSuite(("assert add(*pair) == 4",) * 4, "pair = (1, 3)", "add")
    solve = said(tied(replace(TESTED, visible=suite)), "I can't.")
    assert solve.state.outcome == Outcome(Reason.PASSED, 2)


def turn(number: int, *tests: TestResult) -> Turn:
    passed = execution(True)
    return Turn(number, Candidate(f"p{number}", ""), passed, Execution(Status.FAILED, tests))


def test_what_is_shown_is_a_call_that_both_return_from() -> None:
    raised = TestResult("1", Status.ERROR, "f(1)")
    slow = replace(raised, status=Status.TIMEOUT)
    same = TestResult("3", Status.FAILED, actual="5")
    returned = [TestResult("2", Status.FAILED, "f(2)", actual=actual) for actual in "12"]
    one, other = turn(1, raised, returned[0], same), turn(2, slow, returned[1], same)
    shown = difference(one, other)
    assert [(test.call, outcome(test)) for test in shown] == [("f(2)", "returns `1`"), ("f(2)", "returns `2`")]
    assert outcome(raised) == "ends with: error"
    with pytest.raises(ValueError, match="the same"):
        difference(one, one)
    assert closest([one, other]) == (one, other)
    assert closest([one, other, replace(other, number=3)]) is None
