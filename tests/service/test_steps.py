"""The second driver's pure part, on a recorded solve: it must take the same way as the first driver."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from sandbox.types import AssertSuite, Execution
from sandbox.types import Status as Verdict
from selfdebug.events import Cancelled, Completed, Event, Executed, Generate, Graded, Submitted, TimedOut
from selfdebug.generator import Completion
from selfdebug.options import Budget, Options
from selfdebug.service.records import End, Progress, Status
from selfdebug.service.steps import Grade, Kind, Position, Step, follow, kind_of, next_step, progress, start
from selfdebug.trajectory import fold, read

RECORDED = read(Path(__file__).parents[1] / "recordings" / "demo.jsonl")
FIRST = next(event for event in RECORDED if isinstance(event, Submitted))
FIRST_REPLY = next(event for event in RECORDED if isinstance(event, Completed))
HIDDEN = (AssertSuite(("assert group_anagrams(['ab', 'ba']) == [['ab', 'ba']]",)),)
GRADED = Graded(9, (Execution(Verdict.PASSED),), at_s=99.0)


def at(events: tuple[Event, ...]) -> Position:
    return follow(start(events[0]), events[1:])


def beginning(*, hidden: tuple[AssertSuite, ...] = (), budget: Budget = Budget()) -> Submitted:
    return replace(FIRST, problem=replace(FIRST.problem, hidden=hidden), options=replace(FIRST.options, budget=budget))


def test_each_recorded_event_answers_the_step_that_was_next() -> None:
    position = start(FIRST)
    for event in RECORDED[1:]:
        step = next_step(position)
        assert isinstance(step, Step)
        assert isinstance(event, Completed | Executed)
        assert step.name == f"{'g' if isinstance(event, Completed) else 'x'}{event.step}"
        assert step.kind is (Kind.GENERATE if isinstance(event, Completed) else Kind.EXECUTE) is kind_of(step.name)
        if isinstance(step.actions[0], Generate):
            assert isinstance(event, Completed)
            assert replace(step.actions[0].request, timeout_s=event.request.timeout_s) == event.request
        position = follow(position, [event])
    assert next_step(position) == End(Status.SOLVED)
    assert (position.state, position.version) == (fold(RECORDED), len(RECORDED))


def test_the_position_does_not_depend_on_where_the_events_were_cut() -> None:
    for count in range(1, len(RECORDED)):
        assert follow(at(RECORDED[:count]), RECORDED[count:]) == at(RECORDED)


def test_hidden_tests_come_after_the_end_and_decide() -> None:
    ended = at((beginning(hidden=HIDDEN), *RECORDED[1:]))
    step = next_step(ended)
    assert isinstance(step, Step)
    assert (step.name, step.kind, kind_of(step.name)) == ("grade9", Kind.EXECUTE, Kind.EXECUTE)
    assert isinstance(step.actions[0], Grade)
    assert (step.actions[0].suites, step.actions[0].program) == (HIDDEN, ended.state.turns[8].candidate.program)
    assert next_step(follow(ended, [GRADED])) == End(Status.SOLVED)
    failed = replace(GRADED, executions=(Execution(Verdict.FAILED),))
    assert next_step(follow(ended, [failed])) == End(
        Status.UNSOLVED, "every visible test passes, but not every hidden one"
    )


def test_a_job_without_a_program_ends_without_hidden_tests() -> None:
    silent = replace(FIRST_REPLY, completion=Completion(("I can't.",), 5, 3, 0.1))
    position = at((beginning(hidden=HIDDEN, budget=Budget(turns=1)), silent))
    assert next_step(position) == End(Status.UNSOLVED, "the model wrote no program; the budget is used up (turns: 1)")
    assert progress(position.state) == Progress(turns=1, prompt_tokens=5, completion_tokens=3)


@pytest.mark.parametrize(
    ("budget", "count", "reason"),
    [
        (Budget(turns=1), 4, "the budget is used up (turns: 1)"),
        (Budget(tokens=10), 3, "the budget is used up (tokens: 10)"),
        (Budget(executions=1), 6, "the budget is used up (executions: 1)"),
    ],
)
def test_why_a_job_is_not_solved(budget: Budget, count: int, reason: str) -> None:
    end = next_step(at((beginning(budget=budget), *RECORDED[1:count])))
    assert isinstance(end, End)
    assert end.status is Status.UNSOLVED
    assert end.reason.endswith(reason)


def test_seconds_are_counted_over_all_steps() -> None:
    position = at((beginning(budget=Budget(seconds=50.0)), RECORDED[1]))
    assert position.left_s == 50.0 - RECORDED[1].at_s
    late = follow(position, [replace(RECORDED[2], at_s=60.0)])
    assert late.left_s == 0.0
    end = next_step(follow(position, [TimedOut(at_s=50.0)]))
    assert isinstance(end, End)
    assert end.reason.endswith("the budget is used up (seconds: 50)")
    assert start(FIRST).left_s is None


@pytest.mark.parametrize("count", [1, 2, 5, len(RECORDED)])
def test_a_cancelled_job_asks_for_nothing(count: int) -> None:
    position = follow(at(RECORDED[:count]), [Cancelled(at_s=0.5)])
    assert position.at_s == max(event.at_s for event in (*RECORDED[:count], Cancelled(0.5)))
    end = next_step(position)
    assert end == (End(Status.SOLVED) if count == len(RECORDED) else End(Status.CANCELLED, "it was cancelled"))


def test_an_event_twice_changes_only_the_count() -> None:
    once = at(RECORDED[:4])
    twice = follow(once, [RECORDED[3]])
    assert replace(twice, version=once.version) == once
    assert next_step(twice) == next_step(once)


def test_progress_names_the_best_candidate_so_far() -> None:
    seen = [progress(at(RECORDED[:count]).state) for count in range(1, len(RECORDED) + 1)]
    assert seen[0] == Progress()
    assert all(one.turns <= other.turns for one, other in pairwise(seen))
    assert all(one.tests_passed <= other.tests_passed for one, other in pairwise(seen))
    last = seen[-1]
    assert (last.turns, last.best, last.tests_passed, last.tests_total, last.executions) == (9, 9, 3, 3, 5)


def test_a_job_begins_with_its_submission() -> None:
    with pytest.raises(ValueError, match="submitted"):
        start(Cancelled())
    assert next_step(start(Submitted(FIRST.problem, Options()))) != next_step(at(RECORDED))
