"""What the model is told, word for word, and what it is never told."""

from dataclasses import replace

import pytest

from sandbox.types import (
    AssertSuite,
    CheckSuite,
    ExceptionInfo,
    Execution,
    Limits,
    PytestSuite,
    Status,
    StdioCase,
    StdioSuite,
    TestResult,
)
from selfdebug.conversation import SHOWN_TURNS, beginning, conversation, demonstrations
from selfdebug.events import Move, Purpose
from selfdebug.options import Feedback, Options, Phrasing
from selfdebug.problem import Problem
from selfdebug.prompts import shorten, template_hash
from selfdebug.state import Candidate, State, Turn

SUITE = AssertSuite(("assert half(4) == 2", "assert half(-3) == -1.5"))
PROBLEM = Problem("half", "Halve a number, as in half(4) == 2.", "half", visible=SUITE)
PROGRAM = "def half(n):\n    return n // 2\n"


def state(problem: Problem, execution: Execution | None, **options: object) -> State:
    candidate = Candidate(PROGRAM, f"```python\n{PROGRAM}```")
    return State(problem, Options(**options), turns=(Turn(1, candidate, execution),))  # type: ignore[arg-type]


def last(state: State, purpose: Purpose = Purpose.REPAIR) -> str:
    return conversation(state, purpose, newest(state))[0][-1].content


def newest(state: State) -> Move:
    """The repair of the newest candidate with the solve's own feedback."""
    return Move(len(state.turns), state.options.feedback)


def first(problem: Problem) -> str:
    (message,), prompts = conversation(State(problem, Options()), Purpose.WRITE, Move())
    assert prompts == (("write", template_hash("write")),)
    assert (message.role, message.turn) == ("user", 0)
    return message.content


STUB = 'from math import pi\n\n\ndef area(r):\n    """Of a circle: area(1) is pi."""\n'


@pytest.mark.parametrize(
    ("problem", "begins"),
    [
        (PROBLEM, "```python\n"),
        (replace(PROBLEM, context=STUB), f"```python\n{STUB}"),
        (replace(PROBLEM, context=f"{STUB.rstrip()}  \n\n"), f"```python\n{STUB}"),
        (replace(PROBLEM, context=f"{STUB}    return 2 * r\n"), "```python\n"),
        (replace(PROBLEM, context="def helper():\n    return 1\n"), "```python\n"),
        (replace(PROBLEM, context="def broken(:"), "```python\n"),
        (replace(PROBLEM, context=STUB.replace("Of", "``` Of")), ""),
        (replace(PROBLEM, language="sql"), "```sql\n"),
    ],
)
def test_a_reply_is_begun_with_the_code_that_it_has_to_complete(problem: Problem, begins: str) -> None:
    assert beginning(problem, Phrasing.BEGUN) == begins
    assert {beginning(problem, words) for words in Phrasing if words is not Phrasing.BEGUN} == {""}


def test_where_a_function_is_wanted_a_reply_ends_at_its_demonstration() -> None:
    assert "print(" in demonstrations(PROBLEM)
    assert demonstrations(replace(PROBLEM, entry_point="")) == ()
    assert demonstrations(replace(PROBLEM, language="sql")) == ()


def test_a_problem_in_words_names_the_function_and_the_tests_that_the_words_do_not() -> None:
    assert first(PROBLEM) == (
        "Halve a number, as in half(4) == 2.\n"
        "\n"
        "Write it in Python and name it `half`. Reply with the whole program in one ```python code block.\n"
        "\n"
        "It has to pass these tests:\n"
        "\n"
        "```python\n"
        "assert half(-3) == -1.5\n"
        "```"
    )


def test_a_problem_given_as_code_is_to_be_completed() -> None:
    code = 'def half(n):\n    """Halve n.\n    >>> half(4)\n    2\n    """\n'
    problem = Problem("h", code, "half", context=code, visible=AssertSuite(("assert half(4) == 2",)))
    assert first(problem) == (
        "Complete the following Python code. Reply with the whole program, imports included, in one ```python code "
        f"block.\n\n```python\n{code.strip()}\n```"
    )


def test_a_program_of_its_own_is_shown_its_first_cases() -> None:
    cases = tuple(StdioCase(f"{n}\n", f"{n / 2}\n") for n in range(5))
    told = first(Problem("h", "Halve the number.", visible=StdioSuite(cases)))
    assert told.count("Input:") == 3
    assert "Input:\n```\n2\n```\nOutput:\n```\n1.0\n```" in told
    assert "Write a Python program that reads standard input" in told


def test_a_pytest_file_is_shown_and_a_check_is_not() -> None:
    source = "from solution import half\n\n\ndef test_half():\n    assert half(4) == 2\n"
    assert source.strip() in first(Problem("h", "Halve.", "half", visible=PytestSuite(source, "half")))
    check = CheckSuite("def check(candidate):\n    assert candidate(40) == 20\n", "half")
    assert "40" not in first(Problem("h", "Halve.", "half", visible=check))


def test_a_wrong_value_is_told_with_call_expected_and_actual() -> None:
    tests = (
        TestResult("assert half(4) == 2", Status.PASSED),
        TestResult("assert half(-3) == -1.5", Status.FAILED, "half(-3)", "-1.5", "-2", stdout="hm\n"),
    )
    assert last(state(PROBLEM, Execution(Status.FAILED, tests))) == (
        "The code above is wrong: 1 of 2 tests pass.\n"
        "\n"
        "- `half(-3)` returned `-2`, but the expected result is `-1.5`.\n"
        "  It printed: hm\n"
        "\n"
        "Fix the code. Reply with the whole corrected program in one ```python code block."
    )


def test_a_wrong_output_is_told_with_its_input_and_where_it_differs() -> None:
    problem = Problem("h", "Halve.", visible=StdioSuite(tuple(StdioCase(f"{n}\n", f"{n / 2}\n") for n in range(5))))
    tests = (
        TestResult(
            "case 4", Status.FAILED, None, "1.5\n", "1\n", message="line 1 of the output is '1', expected '1.5'"
        ),
        TestResult("case 5", Status.TIMEOUT),
    )
    assert last(state(problem, Execution(Status.FAILED, tests), limits=Limits(cpu_s=3))).startswith(
        "The code above is wrong: 0 of 2 tests pass.\n"
        "\n"
        "- In `case 4` (input `3`) the actual value is `1\n`, but `1.5\n` was expected. "
        "line 1 of the output is '1', expected '1.5'\n"
        "- `case 5` (input `4`) did not finish within 3 seconds.\n"
    )


@pytest.mark.parametrize(
    ("test", "told"),
    [
        (
            TestResult("assert f(1)", Status.ERROR, "f(1)", exception=ExceptionInfo("KeyError", "'a'", "  line 2", 2)),
            "- `f(1)` raised KeyError: 'a'\n```\n  line 2\n```",
        ),
        (TestResult("assert f(1)", Status.TIMEOUT, "f(1)"), "- `f(1)` did not finish within 3 seconds."),
        (
            TestResult("case 2", Status.FAILED, None, "1\n2", "1"),
            "- In `case 2` the actual value is `1`, but `1\n2` was",
        ),
        (TestResult("test_a", Status.FAILED, message="odd one"), "- `test_a` does not hold. odd one"),
        (TestResult("assert f(1)", Status.MEMORY_LIMIT, message="over 512 MiB"), "- `assert f(1)`: memory limit. over"),
        (
            TestResult("assert f(1)", Status.CRASHED, "f(1)", message="exit status 3"),
            "- `f(1)`: crashed. exit status 3",
        ),
        (TestResult("assert f(2)", Status.TIMEOUT, ran=False, message="it was over"), "was not run: it was over"),
    ],
)
def test_each_way_to_fail_is_told_in_its_own_words(test: TestResult, told: str) -> None:
    limits = Limits(wall_s=9, cpu_s=3)
    assert told in last(state(PROBLEM, Execution(test.status, (test,)), limits=limits))


def test_only_the_first_failures_are_told_and_long_values_are_cut() -> None:
    tests = tuple(TestResult(f"t{n}", Status.FAILED, f"f({n})", "1", "9" * 5000) for n in range(9))
    told = last(state(PROBLEM, Execution(Status.FAILED, tests)))
    assert "0 of 9 tests pass" in told
    assert "f(2)" in told
    assert "f(3)" not in told
    assert len(told) < 2500
    assert "characters left out" in told


def test_old_turns_leave_the_prompt_and_every_turn_says_which_it_is() -> None:
    one = state(PROBLEM, Execution(Status.FAILED, (TestResult("t", Status.FAILED),)))
    parents = [replace(one.turns[0].candidate, move=Move(number)) for number in range(8)]
    many = replace(one, turns=tuple(replace(one.turns[0], number=n, candidate=c) for n, c in enumerate(parents, 1)))
    messages, _ = conversation(many, Purpose.REPAIR, newest(many))
    turns = [message.turn for message in messages]
    assert sorted(turns) == turns
    assert set(turns) == {0, *range(8 - SHOWN_TURNS, 9)}


def test_nothing_hidden_is_said_under_any_feedback() -> None:
    secret = "assert half(7777) == 3888.5"
    hidden = (AssertSuite((secret,)), CheckSuite(f"def check(c):\n    {secret}", "half"))
    problem = replace(PROBLEM, hidden=hidden, reference="# 7777")
    differ = [Execution(Status.FAILED, (TestResult("t", Status.FAILED, "half(9)", actual=actual),)) for actual in "45"]
    passed = Execution(Status.PASSED, (TestResult("t", Status.PASSED),))
    turns = tuple(Turn(number, Candidate(PROGRAM, ""), passed, does) for number, does in enumerate(differ, 1))
    (message,), _ = conversation(State(problem, Options(), turns=turns), Purpose.CHOOSE, Move(2))
    assert "7777" not in message.content
    for visible in (SUITE, None):
        for kind in Feedback:
            failed = Execution(Status.FAILED, (TestResult("t", Status.FAILED, "half(1)", "0.5", "0"),))
            asked = state(replace(problem, visible=visible), failed, feedback=(kind,))
            for purpose in set(Purpose) - {Purpose.CHOOSE}:
                messages, _ = conversation(asked, purpose, newest(asked))
                assert not any("7777" in message.content or "3888" in message.content for message in messages)


def test_a_cut_text_says_how_much_is_missing() -> None:
    assert shorten("abc", 3) == "abc"
    assert shorten("a" * 50 + "b" * 50, 9) == f"{'a' * 6} …(91 characters left out)… {'b' * 3}"


def of_failures(
    feedback: tuple[Feedback, ...], *executions: Execution, visible: StdioSuite | AssertSuite = SUITE
) -> str:
    turns = tuple(Turn(n, Candidate(PROGRAM, ""), execution) for n, execution in enumerate(executions, 1))
    state = State(replace(PROBLEM, visible=visible), Options(feedback=feedback), turns=turns)
    [message], prompts = conversation(state, Purpose.WRITE, Move(phrasing=Phrasing.FAILED))
    assert dict(prompts) == {"write": template_hash("write")}
    return message.content


def failing(**test: object) -> Execution:
    tests = (
        TestResult("passes", Status.PASSED),
        TestResult("assert half(-3) == -1.5", Status.FAILED, **test),  # type: ignore[arg-type]
    )
    return Execution(Status.FAILED, tests)


def test_what_failed_before_is_told_in_a_line_each_when_it_is_asked_for_so() -> None:
    said = of_failures(
        (Feedback.UNIT_TEST,),
        failing(call="half(0)", actual="1", expected="0"),  # of more than three ways the last ones are told
        failing(call="half(-3)", actual="-2", expected="-1.5"),
        failing(call="half(-3)", actual="-2", expected="-1.5"),  # the same again
        failing(exception=ExceptionInfo("TypeError", "no")),
        Execution(Status.SYNTAX_ERROR, exception=ExceptionInfo("SyntaxError", "bad")),
        Execution(Status.PASSED),
    )
    told = [line for line in said.splitlines() if line.startswith("- ")]
    assert told == [
        "- `half(-3)` returns `-2`, not `-1.5`",
        "- `assert half(-3) == -1.5` raises TypeError",
        "- one cannot be loaded, it raises SyntaxError",
    ]
    assert said.endswith("Write one that goes about it in another way.")


def test_a_failure_that_is_told_in_a_line_stays_in_it() -> None:
    cases = StdioSuite((StdioCase("1\n2\n", "3\n"),))
    test = TestResult("case 1", Status.FAILED, expected="3", actual="1\n2")
    said = of_failures((Feedback.AUTO,), Execution(Status.FAILED, (test,)), visible=cases)
    assert "- reading '1\\n2\\n', one returns `1 2`, not `3`\n" in said


@pytest.mark.parametrize("feedback", [Feedback.SIMPLE, Feedback.UNIT_TEST])
def test_without_anything_to_tell_it_is_asked_for_plainly(feedback: Feedback) -> None:
    executions = (failing(call="half(0)", actual="1"),) if feedback is Feedback.SIMPLE else ()
    assert of_failures((feedback,), *executions) == first(PROBLEM)
