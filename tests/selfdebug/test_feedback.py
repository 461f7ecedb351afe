"""Each kind of feedback in the loop: what it asks for, in which order, and what the model is shown of it."""

from dataclasses import replace

import pytest

from sandbox.types import (
    AssertSuite,
    ExceptionInfo,
    Execution,
    QuerySuite,
    Status,
    StdioCase,
    StdioSuite,
    TestResult,
    Trace,
    TraceStep,
)
from selfdebug.events import Action, Execute, Executed, Finish, Generate, Look, Observe, Observed, Purpose, Submitted
from selfdebug.loop import begin, step
from selfdebug.options import Budget, Feedback, Options, Strategy, parse_feedback
from selfdebug.problem import Problem
from selfdebug.prompts import template_hash
from selfdebug.prompts.shots import shots, shots_hash
from selfdebug.state import Reason, State

from .test_loop import OTHER, RIGHT, TESTED, UNTESTED, WRONG, completed, executed, execution, linear, play

TRACE = Trace(
    (
        TraceStep(1, function="add", changed=(("a", "1"), ("b", "2")), event="call"),
        TraceStep(2, function="add"),
        TraceStep(2, function="add", event="return", value="-1"),
    ),
    test="assert t1",
)
QUERY = Problem("q", "How many?", language="sql", probe=QuerySuite("db"), hidden=(QuerySuite("db", "SELECT 7777"),))
FEW = "```sql\nSELECT 1\n```"
MANY = "```sql\nSELECT 2\n```"
ROWS = Execution(Status.PASSED, (TestResult("the query", Status.PASSED, actual="n\n1\n(1 row)"),))


def prompt(action: object) -> str:
    assert isinstance(action, Generate)
    return action.request.messages[-1].content


def feedback(text: str) -> Options:
    return linear(feedback=parse_feedback(text))


def drawn(options: Options, problem: Problem, *texts: str) -> State:
    """The state after several first candidates at once."""
    state, (action,) = begin(Submitted(problem, options))
    assert isinstance(action, Generate)
    assert action.request.n == len(texts)
    event = completed(action, texts[0])
    return step(state, replace(event, completion=replace(event.completion, texts=texts)))[0]


def ran(state: State, *results: Execution) -> tuple[State, Action]:
    """The state after all candidates that wait for it were run, and what it wants first."""
    for action, result in zip(state.waiting, results, strict=True):
        state, _ = step(state, executed(action, result))
    return state, state.waiting[0]


def test_trace_lets_the_model_walk_through_the_failing_test_before_it_repairs() -> None:
    _, ask = play(feedback("trace"), TESTED, WRONG, execution(True, False))
    assert isinstance(ask, Generate)
    assert ask.purpose is Purpose.TRACE
    assert not ask.request.sampling.stop_after_code
    assert "step by step" in prompt(ask)
    assert "`add(1, 2)` returned `-1`, but the expected result is `3`" in prompt(ask)
    state, repair = play(feedback("trace"), TESTED, WRONG, execution(True, False), "Line 2 subtracts.")
    assert isinstance(repair, Generate)
    assert repair.purpose is Purpose.REPAIR
    assert [message.content for message in repair.request.messages if message.role == "assistant"][1:] == [
        "Line 2 subtracts."
    ]
    assert state.turns[-1].explanation == "Line 2 subtracts."


def test_explanation_and_trace_are_asked_for_one_after_the_other() -> None:
    answers = (WRONG, execution(False, True), "It subtracts.")
    _, ask = play(feedback("trace+explanation"), TESTED, *answers)
    assert isinstance(ask, Generate)
    assert ask.purpose is Purpose.TRACE
    state, _ = play(feedback("trace+explanation"), TESTED, *answers, "a = 1, b = 2")
    assert state.turns[-1].explanation == "It subtracts.\n\na = 1, b = 2"


def test_a_runtime_trace_is_had_of_the_failing_test_alone_and_judged_block_by_block() -> None:
    state, look = play(feedback("runtime-trace"), TESTED, WRONG, execution(True, False))
    assert isinstance(look, Observe)
    assert look.look is Look.TRACE
    assert look.suite == AssertSuite(("assert add(0, 0) == 0",))
    assert look.test.name == "assert t1"
    assert step(state, Executed(look.step, "", execution(True, True))) == (state, ())
    state, (ask,) = step(state, Observed(look.step, Look.TRACE, TRACE))
    assert state.usage.executions == 2
    assert isinstance(ask, Generate)
    assert ask.purpose is Purpose.BLOCKS
    assert "[BLOCK-1]" in prompt(ask)
    assert "return a - b" in prompt(ask)
    assert "-1" in prompt(ask)
    assert dict(ask.prompts).keys() >= {"write", "blocks", "test"}
    state, (repair,) = step(state, completed(ask, "[BLOCK-1] incorrect: it subtracts."))
    assert isinstance(repair, Generate)
    assert repair.purpose is Purpose.REPAIR


def test_without_anything_seen_the_repair_comes_at_once() -> None:
    state, look = play(feedback("runtime-trace"), TESTED, WRONG, execution(False, False))
    assert isinstance(look, Observe)
    _, (repair,) = step(state, Observed(look.step, Look.TRACE))
    assert isinstance(repair, Generate)
    assert repair.purpose is Purpose.REPAIR


@pytest.mark.parametrize("kinds", ["smallest", "smallest+unit-test"])
def test_a_smaller_input_is_looked_for_and_shown(kinds: str) -> None:
    state, look = play(feedback(kinds), TESTED, WRONG, execution(False, False))
    assert isinstance(look, Observe)
    assert look.look is Look.SMALLEST
    small = TestResult("assert add(0, 1) == 1", Status.FAILED, "add(0, 1)", "1", "-1")
    state, (repair,) = step(state, Observed(look.step, Look.SMALLEST, smallest=small, executions=4))
    assert state.usage.executions == 5
    assert "`add(0, 1)` returned `-1`, but the expected result is `1`" in prompt(repair)
    assert ("`add(1, 2)` returned `-1`" in prompt(repair)) == ("unit-test" in kinds)


def test_closer_looks_stay_within_the_executions_of_the_budget() -> None:
    options = replace(feedback("smallest+runtime-trace"), budget=Budget(executions=3))
    state, look = play(options, TESTED, WRONG, execution(False, False))
    assert isinstance(look, Observe)
    assert look.executions == 2
    state, (asked,) = step(state, Observed(look.step, Look.SMALLEST, executions=2))
    assert isinstance(asked, Finish)
    assert state.outcome is not None
    assert state.outcome.reason is Reason.EXECUTIONS


def test_a_case_of_a_whole_program_is_looked_at_alone() -> None:
    cases = (StdioCase("1\n", "1\n"), StdioCase("2\n", "4\n"))
    problem = Problem("square", "Square a number.", visible=StdioSuite(cases))
    tests = (TestResult("case 1", Status.PASSED), TestResult("case 2", Status.FAILED, expected="4\n", actual="2\n"))
    program = "```python\nprint(input())\n```"
    _, look = play(feedback("runtime-trace"), problem, program, Execution(Status.FAILED, tests))
    assert isinstance(look, Observe)
    assert look.suite == StdioSuite(cases[1:])


def test_a_syntax_error_is_told_with_what_was_being_parsed() -> None:
    broken = Execution(Status.SYNTAX_ERROR, exception=ExceptionInfo("SyntaxError", "invalid syntax", line=1))
    _, repair = play(feedback("grammar"), TESTED, "```python\ndef add(a, b:\n    return a\n```", broken)
    assert "parameters" in prompt(repair)
    _, repair = play(feedback("grammar"), TESTED, WRONG, execution(False, False))
    assert prompt(repair).startswith("The code above is wrong.\n\nFix")


def test_what_a_linter_finds_is_told() -> None:
    undefined = "```python\ndef add(a, b):\n    return a + c\n```"
    _, repair = play(feedback("static"), TESTED, undefined, execution(False, False))
    assert "`c`" in prompt(repair) or "'c'" in prompt(repair)
    assert "Line 2" in prompt(repair)


def test_auto_takes_what_fits_what_happened() -> None:
    broken = Execution(Status.SYNTAX_ERROR, exception=ExceptionInfo("SyntaxError", "invalid syntax", line=1))
    _, repair = play(feedback("auto"), TESTED, "```python\ndef add(a, b:\n    return a\n```", broken)
    assert isinstance(repair, Generate)
    assert "cannot be loaded" in prompt(repair)
    _, repair = play(feedback("auto"), TESTED, WRONG, execution(True, False))
    assert "`add(1, 2)` returned `-1`" in prompt(repair)
    raised = Execution(Status.ERROR, exception=ExceptionInfo("NameError", "no such name", line=1))
    _, repair = play(feedback("auto"), TESTED, WRONG, raised)
    assert "NameError" not in prompt(repair)


def test_the_best_of_several_first_candidates_is_repaired() -> None:
    options = linear(samples=3)
    state, repair = ran(
        drawn(options, TESTED, WRONG, "no code", OTHER), execution(False, False), execution(True, False)
    )
    assert [turn.candidate.parent for turn in state.turns] == [0, 0, 0]
    assert isinstance(repair, Generate)
    assert (repair.move.parent, repair.turn) == (3, 4)
    assert repair.request.n == 1
    assert "a * b" in repair.request.messages[1].content
    state, _ = step(state, completed(repair, RIGHT))
    assert state.turns[-1].candidate.parent == 3
    state, finish = ran(state, execution(True, True))
    assert isinstance(finish, Finish)
    assert state.best is state.turns[3]


def test_first_candidates_are_drawn_apart_and_the_first_that_passes_ends_it() -> None:
    state, (action,) = begin(Submitted(TESTED, linear(samples=3, budget=Budget(turns=2))))
    assert isinstance(action, Generate)
    assert action.request.n == 2
    assert action.request.sampling.temperature > 0
    state, finish = ran(drawn(linear(samples=2), TESTED, WRONG, RIGHT), execution(True, False), execution(True, True))
    assert isinstance(finish, Finish)
    assert state.best is state.turns[1]


def test_resampling_is_told_nothing() -> None:
    options = Options(strategy=Strategy.RESAMPLE, feedback=(Feedback.EXPLANATION,))
    state, again = play(options, TESTED, WRONG, execution(True, False))
    assert isinstance(again, Generate)
    assert again.purpose is Purpose.WRITE
    assert again.request.messages == begin(Submitted(TESTED, options))[1][0].request.messages  # type: ignore[union-attr]
    assert again.request.sampling.temperature > 0
    state, (run,) = step(state, completed(again, OTHER))
    assert isinstance(run, Execute)
    assert state.turns[-1].candidate.parent == 0


def test_a_query_without_tests_is_run_and_judged_by_its_rows() -> None:
    _, judge = play(linear(), QUERY, FEW, ROWS)
    assert isinstance(judge, Generate)
    assert judge.purpose is Purpose.JUDGE
    assert "n\n1\n(1 row)" in prompt(judge)
    assert "7777" not in prompt(judge)
    _, repair = play(linear(), QUERY, FEW, ROWS, "VERDICT: wrong")
    assert prompt(repair) == (
        "The query above runs, but is wrong.\n\nFix the query. Reply with the whole corrected query in one ```sql code "
        "block."
    )
    _, finish = play(linear(), QUERY, FEW, ROWS, "VERDICT: correct")
    assert isinstance(finish, Finish)


def test_without_tests_most_candidates_choose_the_answer() -> None:
    other = Execution(Status.PASSED, (TestResult("the query", Status.PASSED, actual="n\n2\n(1 row)"),))
    options = Options(strategy=Strategy.RESAMPLE, budget=Budget(turns=3))
    same = "```sql\nSELECT 1 + 1\n```"
    state, finish = play(options, QUERY, FEW, ROWS, MANY, other, same, other)
    assert isinstance(finish, Finish)
    assert state.best is state.turns[1]


def test_few_shot_puts_worked_examples_in_the_same_form_before_each_request() -> None:
    options = replace(feedback("unit-test+explanation"), few_shot=True)
    _, (write,) = begin(Submitted(TESTED, options))
    assert isinstance(write, Generate)
    examples = shots("python", judged=False)
    assert len(write.request.messages) == 2 * len(examples) + 1
    assert ("shots", shots_hash("python")) in write.prompts
    _, repair = play(options, TESTED, WRONG, execution(True, False), "It subtracts.")
    assert isinstance(repair, Generate)
    texts = [message.content for message in repair.request.messages]
    assert texts.count(texts[-1].partition("\n\n")[2]) == 0
    for shot in examples:
        assert any(shot.repaired.strip() in text for text in texts)
        explained = [talk.text for talk in shot.turn.talks if talk.purpose is Purpose.EXPLAIN]
        traced = [talk.text for talk in shot.turn.talks if talk.purpose is Purpose.TRACE]
        assert explained[0] in texts
        assert traced[0] not in texts
    assert {message.turn for message in repair.request.messages[:-5]} == {0}


@pytest.mark.parametrize("problem", [UNTESTED, QUERY])
def test_few_shot_without_tests_shows_both_verdicts(problem: Problem) -> None:
    answers = (FEW, ROWS) if problem is QUERY else (WRONG, Execution(Status.PASSED))
    _, judge = play(linear(few_shot=True), problem, *answers)
    assert isinstance(judge, Generate)
    said = [message.content for message in judge.request.messages if message.role == "assistant"]
    assert any(text.endswith("VERDICT: correct") for text in said)
    assert any(text.endswith("VERDICT: wrong") for text in said)
    assert [message.role for message in judge.request.messages] == ["user", "assistant"] * (len(said)) + ["user"]


@pytest.mark.parametrize("language", ["python", "sql"])
def test_the_examples_are_what_they_say(language: str) -> None:
    for judged in (False, True):
        found = shots(language, judged=judged)
        assert bool(found) or language == "sql"
        for shot in found:
            assert bool(shot.repaired) == (not shot.turn.judged)
            if not judged:
                assert {talk.purpose for talk in shot.turn.talks} == {Purpose.EXPLAIN, Purpose.TRACE, Purpose.BLOCKS}
                assert shot.turn.trace is not None
    assert template_hash("write") != shots_hash(language)
