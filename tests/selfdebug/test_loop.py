"""The loop: it ends within budget, does nothing after its end, survives storage, and ignores what it has seen."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from sandbox.types import AssertSuite, ExceptionInfo, Execution, Status, TestResult, Trace, TraceStep
from selfdebug.driver import completed as answered
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
    Observe,
    Observed,
    Purpose,
    Submitted,
    TimedOut,
)
from selfdebug.generator import Completion, Sampling
from selfdebug.loop import begin, step
from selfdebug.options import Budget, Feedback, Options, Strategy
from selfdebug.problem import Problem
from selfdebug.state import Reason, State
from selfdebug.trajectory import fold, from_json, to_json

TESTED = Problem(
    "add", "Add two numbers.", "add", visible=AssertSuite(("assert add(1, 2) == 3", "assert add(0, 0) == 0"))
)
UNTESTED = replace(TESTED, visible=None)
RIGHT = "```python\ndef add(a, b):\n    return a + b\n```"
WRONG = "```python\ndef add(a, b):\n    return a - b\n```"
WRONG_REFORMATTED = "```python\ndef add(a,b):  # sum\n    return (a-b)\n```"
OTHER = "```python\ndef add(a, b):\n    return a * b\n```"

STATES = TypeAdapter(State)


def linear(**given: Any) -> Options:
    """The options of the paper's chain, which most of what is tested here is about."""
    return Options(strategy=Strategy.LINEAR, **given)


def execution(*passed: bool) -> Execution:
    tests = tuple(
        TestResult(
            f"assert t{number}",
            Status.PASSED if ok else Status.FAILED,
            call="add(1, 2)",
            expected="3",
            actual="-1",
        )
        for number, ok in enumerate(passed)
    )
    return Execution(Status.PASSED if all(passed) else Status.FAILED, tests)


def completed(action: Action, reply: str, tokens: int = 10) -> Completed:
    assert isinstance(action, Generate)
    completion = Completion((reply,) * action.request.n, tokens, tokens, 0.1)
    return answered(action, completion)


def executed(action: Action, result: Execution) -> Executed:
    assert isinstance(action, Execute)
    return Executed(action.step, action.program, result, action.turn, action.probe)


def play(options: Options, problem: Problem, *answers: str | Execution) -> tuple[State, Action]:
    """Answer each action with the next of `answers`; a reply for a request, an execution for a program."""
    state, actions = begin(Submitted(problem, options))
    for answer in answers:
        event: Event
        event = completed(actions[0], answer) if isinstance(answer, str) else executed(actions[0], answer)
        state, actions = step(state, event)
    return state, actions[0]


def test_a_right_first_answer_ends_the_solve() -> None:
    state, action = play(linear(), TESTED, RIGHT, execution(True, True))
    assert isinstance(action, Finish)
    assert state.outcome is not None
    assert (state.outcome.reason, state.outcome.best) == (Reason.PASSED, 1)


def test_a_failing_test_goes_back_to_the_model() -> None:
    _, action = play(linear(), TESTED, WRONG, execution(False, True))
    assert isinstance(action, Generate)
    assert action.purpose is Purpose.REPAIR
    told = action.request.messages[-1].content
    assert "`add(1, 2)` returned `-1`, but the expected result is `3`" in told
    assert "1 of 2 tests pass" in told


def test_simple_feedback_tells_nothing_of_the_tests() -> None:
    _, action = play(linear(feedback=(Feedback.SIMPLE,)), TESTED, WRONG, execution(False, True))
    assert isinstance(action, Generate)
    assert action.request.messages[-1].content.startswith("The code above is wrong.")
    assert "-1" not in action.request.messages[-1].content


def test_explanation_comes_before_the_interpreter_is_quoted() -> None:
    options = linear(feedback=(Feedback.UNIT_TEST, Feedback.EXPLANATION))
    _, ask = play(options, TESTED, WRONG, execution(False, True))
    assert isinstance(ask, Generate)
    assert ask.purpose is Purpose.EXPLAIN
    assert not any("returned" in message.content for message in ask.request.messages)
    assert not ask.request.sampling.stop_after_code
    state, repair = play(options, TESTED, WRONG, execution(False, True), "Line 2 subtracts.")
    assert isinstance(repair, Generate)
    assert state.turns[-1].explanation == "Line 2 subtracts."
    assert [m.role for m in repair.request.messages] == ["user", "assistant", "user", "assistant", "user"]
    assert "returned `-1`" in repair.request.messages[-1].content


def test_what_does_not_load_is_not_explained_but_repaired() -> None:
    options = linear(feedback=(Feedback.UNIT_TEST, Feedback.EXPLANATION))
    broken = Execution(Status.SYNTAX_ERROR, exception=ExceptionInfo("SyntaxError", "invalid syntax", "  x = = 1", 3))
    _, action = play(options, TESTED, WRONG, broken)
    assert isinstance(action, Generate)
    assert action.purpose is Purpose.REPAIR
    assert "SyntaxError: invalid syntax" in action.request.messages[-1].content


def test_without_visible_tests_the_model_judges_what_loads() -> None:
    state, load = play(linear(), UNTESTED, WRONG)
    assert isinstance(load, Execute)
    assert load.suite == AssertSuite((), entry_point="add")
    _, judge = play(linear(), UNTESTED, WRONG, Execution(Status.PASSED))
    assert isinstance(judge, Generate)
    assert judge.purpose is Purpose.JUDGE
    state, action = play(linear(), UNTESTED, WRONG, Execution(Status.PASSED), "It subtracts.\nVERDICT: wrong")
    assert isinstance(action, Generate)
    assert action.purpose is Purpose.REPAIR
    state, action = play(
        linear(), UNTESTED, WRONG, Execution(Status.PASSED), "VERDICT: wrong", RIGHT, Execution(Status.PASSED),
        "Not `VERDICT: wrong` any more.\n**VERDICT: correct**",
    )  # fmt: skip
    assert isinstance(action, Finish)
    assert state.outcome is not None
    assert (state.outcome.reason, state.outcome.best) == (Reason.JUDGED, 2)


def test_an_explanation_without_a_verdict_is_no_approval() -> None:
    _, action = play(linear(), UNTESTED, WRONG, Execution(Status.PASSED), "I think it is fine.")
    assert isinstance(action, Generate)
    assert action.purpose is Purpose.REPAIR


def test_a_repeated_candidate_is_not_run_again_and_asked_for_differently() -> None:
    state, action = play(linear(), TESTED, WRONG, execution(False, True), WRONG_REFORMATTED)
    assert isinstance(action, Generate)
    assert state.turns[-1].candidate.repeats == 1
    assert state.usage.executions == 1
    (message,) = action.request.messages
    assert "another way" in message.content
    assert "returned `-1`" in message.content
    assert "a - b" not in message.content
    assert action.request.sampling.temperature > 0
    _, again = play(linear(), TESTED, WRONG, execution(False, True), WRONG, WRONG)
    assert isinstance(again, Generate)
    assert again.request.sampling.temperature > action.request.sampling.temperature
    assert again.request.sampling.seed != action.request.sampling.seed


def test_a_reply_without_code_costs_a_turn_and_is_told() -> None:
    state, action = play(linear(), TESTED, "")
    assert isinstance(action, Generate)
    assert len(state.turns) == 1
    assert "holds no Python code" in action.request.messages[-1].content


def test_the_best_candidate_passed_most_and_came_first() -> None:
    options = linear(budget=Budget(turns=3))
    state, action = play(
        options, TESTED, WRONG, execution(False, False), OTHER, execution(False, True),
        "```python\ndef add(a, b):\n    return 0\n```", execution(True, False),
    )  # fmt: skip
    assert isinstance(action, Finish)
    assert state.outcome is not None
    assert (state.outcome.reason, state.outcome.best) == (Reason.TURNS, 2)


@pytest.mark.parametrize(
    ("budget", "reason"),
    [
        (Budget(turns=1), Reason.TURNS),
        (Budget(tokens=20), Reason.TOKENS),
        (Budget(executions=1), Reason.EXECUTIONS),
    ],
)
def test_each_budget_ends_the_solve_by_its_name(budget: Budget, reason: Reason) -> None:
    state, action = play(linear(budget=budget), TESTED, WRONG, execution(False, True))
    if isinstance(action, Generate):
        state, (action,) = step(state, completed(action, OTHER))
    assert isinstance(action, Finish)
    assert state.outcome is not None
    assert state.outcome.reason is reason


def test_the_last_request_may_not_ask_for_more_tokens_than_are_left() -> None:
    _, action = play(linear(budget=Budget(tokens=50)), TESTED, WRONG, execution(False, True))
    assert isinstance(action, Generate)
    assert action.request.sampling.max_new_tokens == 30


@pytest.mark.parametrize("event", [TimedOut(), Cancelled()])
def test_a_solve_can_be_ended_at_any_moment(event: Event) -> None:
    state, actions = begin(Submitted(TESTED, linear()))
    state, actions = step(state, event)
    assert actions == (Finish(),)
    assert state.outcome is not None
    assert state.outcome.best == 0


REPLIES = st.sampled_from(
    [RIGHT, WRONG, OTHER, WRONG_REFORMATTED, "", "no code", "```python\ndef f(:\n```", "VERDICT: correct"]
)
EXECUTIONS = st.sampled_from(
    [
        execution(False, False),
        execution(True, False),
        execution(True, True),
        Execution(Status.SYNTAX_ERROR, exception=ExceptionInfo("SyntaxError", "bad \ud800")),
        Execution(
            Status.TIMEOUT, (TestResult("assert t0", Status.TIMEOUT), TestResult("t1", Status.TIMEOUT, ran=False))
        ),
    ]
)
TRACES = st.sampled_from([None, Trace(), Trace((TraceStep(1, changed=(("x", "int 3"),)),))])
SMALLEST = st.sampled_from([None, TestResult("assert t0", Status.FAILED, "f(1)", "2", "3")])
BUDGETS = st.builds(
    Budget,
    turns=st.integers(1, 6),
    tokens=st.none() | st.integers(1, 30_000),
    executions=st.none() | st.integers(1, 4),
)
FEEDBACK = st.sets(st.sampled_from(list(Feedback)), min_size=1).map(lambda kinds: tuple(sorted(kinds)))


@given(
    st.sampled_from([TESTED, UNTESTED]),
    st.builds(
        Options,
        budget=BUDGETS,
        feedback=FEEDBACK,
        strategy=st.sampled_from(Strategy),
        samples=st.integers(1, 4),
        few_shot=st.booleans(),
        sampling=st.builds(Sampling, temperature=st.sampled_from([0.0, 0.7])),
    ),
    st.data(),
)
def test_every_solve_ends_within_its_budget(problem: Problem, options: Options, data: st.DataObject) -> None:
    submitted = Submitted(problem, options)
    state, asked = begin(submitted)
    events: list[Event] = [submitted]
    dearest = 0
    while state.outcome is None:
        assert asked == state.waiting
        assert len(events) < 150
        answers = [answer(action, data) for action in data.draw(st.permutations(state.waiting))]
        # Whichever comes first, the solve goes on in the same way.
        in_order = state
        for event in sorted(answers, key=lambda event: event.step):
            in_order, _ = step(in_order, event)
        for event in answers:
            assert asked
            state, asked = step(state, event)
            events.append(event)
            # Delivered twice, or late: nothing changes, nothing is asked.
            assert step(state, event) == (state, ())
            # Stored and loaded: the same solve.
            stored = STATES.validate_python(json.loads(json.dumps(STATES.dump_python(state))))
            assert stored == state
            assert from_json(to_json(event)) == event
            assert fold(events) == state
            if isinstance(event, Completed):
                dearest = max(dearest, event.completion.tokens)
            if event is not answers[-1]:
                assert asked == ()
                asked = state.waiting
        assert state == in_order
    assert asked == (Finish(),)
    budget, outcome = options.budget, state.outcome
    assert len(state.turns) <= budget.turns
    assert budget.executions is None or state.usage.executions <= budget.executions
    assert budget.tokens is None or state.usage.tokens < budget.tokens + max(dearest, 1)
    assert state.usage.tokens == sum(turn.tokens for turn in state.turns)
    looks = [event.executions for event in events if isinstance(event, Observed)]
    assert state.usage.executions == sum(looks) + sum(isinstance(event, Executed) for event in events)
    texts = [event for event in events if isinstance(event, Completed) and not event.purpose.talks]
    assert [turn.candidate.reply for turn in state.turns] == [
        text for event in sorted(texts, key=lambda event: event.turn) for text in event.completion.texts
    ]
    most = max((turn.tests_passed for turn in state.turns), default=0)
    assert outcome.reason is Reason.JUDGED or state.best is None or state.best.tests_passed == most
    for late in (*events, TimedOut(), Cancelled(), Graded(1, ())):
        assert step(state, late) == (state, ())


def answer(action: Action, data: st.DataObject) -> Completed | Executed | Observed:
    """Some answer to an action, of as many tokens as its request allows at most."""
    if isinstance(action, Generate):
        texts = tuple(data.draw(REPLIES) for _ in range(action.request.n))
        prompt = sum(len(message.content.encode("utf-8", "surrogatepass")) for message in action.request.messages)
        written = data.draw(st.integers(1, action.request.n * action.request.sampling.max_new_tokens))
        completion = Completion(texts, data.draw(st.integers(1, prompt)), written, 0.1)
        return answered(action, completion)
    if isinstance(action, Observe):
        spent = data.draw(st.integers(0, action.executions))
        trace, smallest = data.draw(TRACES), data.draw(SMALLEST)
        return Observed(action.step, action.look, trace, smallest, spent, action.turn)
    return executed(action, data.draw(EXECUTIONS))
