"""What each strategy wants next, seen through the loop."""

from collections import Counter
from dataclasses import replace

import pytest

from sandbox.types import AssertSuite, Execution
from selfdebug.events import Cancelled, Event, Execute, Generate, Move, Submitted, TimedOut
from selfdebug.generator import Completion, Sampling
from selfdebug.loop import begin, step
from selfdebug.options import Budget, Feedback, Options, Phrasing, Strategy
from selfdebug.problem import Problem
from selfdebug.state import Candidate, Outcome, Reason, State, Turn
from selfdebug.strategies import moves

from .test_loop import TESTED, executed, execution
from .test_loop import completed as replied

FOUR = replace(TESTED, visible=AssertSuite(tuple(f"assert add({n}, 0) == {n}" for n in range(4))))


def program(number: int) -> str:
    return f"```python\ndef add(a, b):\n    return {number}\n```"


class Solve:
    """A solve in which each candidate differs from all others and passes as many tests as is said of it."""

    def __init__(self, options: Options, passed: dict[int, int] | None = None, problem: Problem = FOUR) -> None:
        self.passed = passed or {}
        self.state, _ = begin(Submitted(problem, options))
        self.rounds: list[tuple[Generate, ...]] = []

    def play(self, rounds: int) -> "Solve":
        """Answer so many rounds of requests, and what the candidates need in between."""
        while self.state.outcome is None:
            asked = tuple(action for action in self.state.waiting if isinstance(action, Generate))
            if (asked and len(self.rounds) == rounds) or getattr(self.state.waiting[0], "probe", False):
                break
            self.rounds += [asked] if asked else []
            for action in self.state.waiting:
                self.state, _ = step(self.state, self._answer(action))
        return self

    @property
    def drawn(self) -> list[Counter[int]]:
        """For each round, how many candidates were made of which parent."""
        return [Counter({action.move.parent: action.request.n for action in asked}) for asked in self.rounds]

    def _answer(self, action: object) -> Event:
        if isinstance(action, Generate):
            texts = tuple(program(action.turn + index) for index in range(action.request.n))
            return replace(replied(action, ""), completion=Completion(texts, 100, 50 * action.request.n, 0.1))
        assert isinstance(action, Execute)
        return executed(action, self._execution(action.turn))

    def _execution(self, number: int) -> Execution:
        passed = self.passed.get(number, 0)
        result = execution(*(index < passed for index in range(4)))
        # Each does something else, so that none counts as another.
        return replace(result, tests=tuple(replace(test, actual=f"{number}") for test in result.tests))


def options(strategy: Strategy, **more: object) -> Options:
    return Options(strategy=strategy, budget=Budget(turns=60), **more)  # type: ignore[arg-type]


def test_rounds_write_four_and_repair_each_twice() -> None:
    drawn = Solve(options(Strategy.ROUNDS)).play(6).drawn
    assert drawn == [
        Counter({0: 1}),
        Counter({0: 3}),
        Counter({1: 1, 2: 1, 3: 1, 4: 1}),
        Counter({5: 1, 6: 1, 7: 1, 8: 1}),
        Counter({0: 4}),
        Counter({13: 1, 14: 1, 15: 1, 16: 1}),
    ]


@pytest.mark.parametrize("width", [2, 3, 4, 8])
def test_rounds_ask_in_other_words_each_time_they_write_afresh(width: int) -> None:
    asked = [action for round_ in Solve(options(Strategy.ROUNDS, samples=width)).play(12).rounds for action in round_]
    words = [action.move.phrasing for action in asked if not action.move.parent]
    assert words[:5] == list(Phrasing)[: len(words)]
    assert len(words) >= 3


def test_rounds_may_be_as_wide_as_is_asked() -> None:
    assert Solve(options(Strategy.ROUNDS, samples=2)).play(3).drawn == [
        Counter({0: 1}),
        Counter({0: 1}),
        Counter({1: 1, 2: 1}),
    ]


@pytest.mark.parametrize("strategy", [Strategy.ROUNDS, Strategy.TREE, Strategy.ADAPTIVE])
def test_a_search_draws_its_first_candidate_alone_and_ends_where_it_passes(strategy: Strategy) -> None:
    solve = Solve(options(strategy), {1: 4}).play(9)
    assert len(solve.rounds) == len(solve.state.turns) == 1
    assert solve.rounds[0][0].request.sampling.temperature == 0
    assert solve.state.best is solve.state.turns[0]


@pytest.mark.parametrize("strategy", [Strategy.ROUNDS, Strategy.TREE])
def test_what_a_search_draws_differs_in_temperature_seed_and_words(strategy: Strategy) -> None:
    solve = Solve(options(strategy)).play(9)
    asked = [action for round_ in solve.rounds[1:] for action in round_]
    assert all(action.request.sampling.temperature > 0 for action in asked)
    assert len({action.request.sampling.seed for action in asked}) == len(asked)
    words = {action.request.messages[-1].content for action in asked if not action.move.parent}
    assert strategy is Strategy.TREE or len(words) > 1
    turns = {action.move.parent: action.request.sampling.temperature for action in asked if action.move.parent}
    deeper = [number for number in turns if solve.state.turn(number).candidate.parent]
    assert strategy is Strategy.TREE or deeper
    for number in deeper:
        assert turns[number] < 0.8


def test_the_tree_is_the_same_for_a_seed_and_another_for_another() -> None:
    def grown(seed: int) -> list[Counter[int]]:
        return Solve(options(Strategy.TREE, sampling=Sampling(seed=seed)), {2: 1, 3: 3}).play(8).drawn

    assert grown(0) == grown(0)
    assert len({str(grown(seed)) for seed in range(5)}) > 1


def test_the_tree_repairs_rather_what_passes_more_and_tires_of_what_was_repaired_in_vain() -> None:
    def draws(*parents: int) -> Counter[int]:
        """What is drawn over many seeds, after candidates with these parents, of which the second passes most."""
        turns = []
        for number, parent in enumerate(parents, 1):
            ran = execution(*([number == 2] * 3), False)
            ran = replace(ran, tests=tuple(replace(test, actual=f"{number}") for test in ran.tests))
            turns.append(Turn(number, Candidate(program(number), "", move=Move(parent)), ran))
        state = State(FOUR, options(Strategy.TREE), turns=tuple(turns))
        drawn: Counter[int] = Counter()
        for seed in range(200):
            asked = replace(state, options=replace(state.options, sampling=Sampling(seed=seed)))
            for move in moves(asked):
                drawn[move.parent] += move.n
        return drawn

    early, late = draws(0, 0, 0), draws(0, 0, 0, *[2] * 30)
    assert early.total() == late.total() == 800
    assert early[2] > early[0] > 0
    assert early[2] > 2 * early[1] > 0
    assert late[2] < early[2] / 4


def test_what_is_asked_beside_a_request_has_to_fit_in_the_budget() -> None:
    def widest(tokens: int | None) -> int:
        budget = Budget(turns=60, tokens=tokens)
        asked = Solve(replace(options(Strategy.ROUNDS, sampling=Sampling(max_new_tokens=64)), budget=budget)).play(3)
        return max(len(round_) for round_ in asked.rounds)

    assert widest(None) == 4
    assert widest(100_000) == 4
    assert widest(1_500) == 1


def test_each_repair_is_told_of_its_own_candidate() -> None:
    solve = Solve(options(Strategy.ROUNDS, feedback=(Feedback.UNIT_TEST,)), {2: 1, 3: 2}).play(3)
    for action in solve.rounds[2]:
        text = "\n".join(message.content for message in action.request.messages)
        shown = [number for number in range(1, 5) if f"return {number}\n" in text]
        assert shown == [action.move.parent]
        assert f"{solve.passed.get(action.move.parent, 0)} of 4 tests pass" in text


def test_what_behaves_the_same_is_one_arm() -> None:
    same = Solve(options(Strategy.TREE), {1: 2})
    same._execution = lambda number: execution(True, True, False, False)  # type: ignore[method-assign]
    state: State = same.play(6).state
    assert {parent for round_ in same.drawn for parent in round_} <= {0, 1}
    assert len(state.turns) > 4


def test_adaptive_repairs_what_passes_some_tests_once_several_were_written_in_vain() -> None:
    solve = Solve(options(Strategy.ADAPTIVE), {3: 2, 4: 1}).play(9)
    assert solve.drawn[:5] == [
        Counter({0: 1}),
        Counter({0: 4}),
        Counter({3: 1}),
        Counter({4: 1}),
        Counter({0: 4}),
    ]
    asked = [action for round_ in solve.rounds for action in round_]
    afresh = [action for action in asked if not action.move.parent]
    assert [action.request.prefix for action in afresh[:4]] == ["```python\n", "```python\n", "", "```python\n"]
    assert [action.request.sampling.temperature for action in afresh[:3]] == [0.0, 0.8, 0.8]
    assert {action.request.prefix for action in asked if action.move.parent} == {""}


@pytest.mark.parametrize(("turns", "tokens", "first"), [(60, None, 3), (10, 1_000_000, 3), (60, 5_000, 8)])
def test_the_scarcer_the_tokens_the_later_adaptive_repairs(turns: int, tokens: int | None, first: int) -> None:
    budget = Budget(turns=turns, tokens=tokens)
    drawn = Solve(replace(options(Strategy.ADAPTIVE), budget=budget), {3: 2, 4: 1}).play(30).drawn
    assert next(number for number, parents in enumerate(drawn, 1) if any(parents)) == first


def test_adaptive_goes_on_as_linear_where_there_is_no_test() -> None:
    alone = replace(FOUR, visible=None)
    one, other = (Solve(options(strategy), problem=alone).play(6) for strategy in (Strategy.ADAPTIVE, Strategy.LINEAR))
    assert [[action.request for action in round_] for round_ in one.rounds] == [
        [action.request for action in round_] for round_ in other.rounds
    ]


def test_the_last_round_is_as_wide_as_the_tokens_that_are_left() -> None:
    def widths(tokens: int) -> list[int]:
        budget = Budget(turns=60, tokens=tokens)
        solve = Solve(replace(options(Strategy.ADAPTIVE), budget=budget)).play(9)
        return [action.request.n for round_ in solve.rounds for action in round_]

    # Each request costs 100 tokens, and 50 for each candidate.
    assert widths(1_000) == [1, 4, 4, 3]
    assert widths(600) == [1, 4, 1]
    assert widths(200) == [1, 1]


@pytest.mark.parametrize("over", [TimedOut(at_s=9.0), Cancelled(at_s=9.0)])
def test_what_has_come_when_the_time_is_over_is_not_lost(over: Event) -> None:
    solve = Solve(options(Strategy.ROUNDS), {2: 3, 3: 4}).play(1)
    solve.rounds.clear()
    first, state = solve.state.waiting[0], solve.state
    state, _ = step(state, solve._answer(first))
    state, _ = step(state, solve._answer(state.waiting[0]))  # of three, the second candidate is run
    ended, _ = step(state, over)
    assert ended.outcome == Outcome(Reason.SECONDS if isinstance(over, TimedOut) else Reason.CANCELLED, 2)
    state, _ = step(state, solve._answer(state.waiting[0]))  # and the third
    ended, _ = step(state, over)
    assert ended.outcome == Outcome(Reason.PASSED, 3)
    assert ended.usage.executions == 3
    # Of four repairs the first two have come: they are there, and the fourth is not put in the third's place.
    solve = Solve(options(Strategy.ROUNDS)).play(2)
    for index in (0, 0, 1):
        solve.state, _ = step(solve.state, solve._answer(solve.state.waiting[index]))
    ended, _ = step(solve.state, over)
    assert [turn.candidate.parent for turn in ended.turns[4:]] == [1, 2]
    assert [turn.number for turn in ended.turns] == list(range(1, 7))


def test_of_several_that_pass_the_one_that_does_what_most_do_is_the_answer() -> None:
    solve = Solve(options(Strategy.ROUNDS), {2: 4, 3: 4, 4: 4})
    solve.play(2)
    asked = solve.state.waiting
    assert [(action.kind, action.turn) for action in asked] == [("execute", 2), ("execute", 3), ("execute", 4)]
    for action in asked:
        assert isinstance(action, Execute)
        assert action.probe
        assert isinstance(action.suite, AssertSuite)
        assert all(source.endswith(" == ...") for source in action.suite.asserts)
        does = execution(False)
        does = replace(does, tests=(replace(does.tests[0], actual="one" if action.turn == 2 else "another"),))
        solve.state, _ = step(solve.state, executed(action, does))
    assert solve.state.outcome == Outcome(Reason.PASSED, 3)
    assert solve.state.usage.executions == 7


def test_where_no_execution_is_left_the_first_that_passes_is_the_answer() -> None:
    budget = Budget(turns=60, executions=6)
    solve = Solve(replace(options(Strategy.ROUNDS), budget=budget), {2: 4, 3: 4, 4: 4}).play(9)
    assert solve.state.outcome == Outcome(Reason.PASSED, 2)


def test_a_survey_tries_every_way_and_goes_on_where_one_passes() -> None:
    kinds = (Feedback.SIMPLE, Feedback.UNIT_TEST, Feedback.STATIC)
    solve = Solve(options(Strategy.SURVEY, feedback=kinds), {2: 4, 4: 4}).play(9)
    assert [len(round_) for round_ in solve.rounds] == [1, 1, 5, 13]
    assert [round_[0].move for round_ in solve.rounds[:2]] == [Move(), Move(phrasing=Phrasing.BEGUN)]
    assert [action.request.n for action in solve.rounds[2]] == [10, 16, 3, 3, 3]
    *repairs, told_of = solve.rounds[3]
    assert (told_of.move.parent, told_of.move.phrasing, told_of.request.n) == (0, Phrasing.FAILED, 2)
    made = [(action.move.parent, action.move.feedback, action.request.n) for action in repairs]
    told = [(Feedback.SIMPLE,), (Feedback.UNIT_TEST,), (Feedback.UNIT_TEST, Feedback.STATIC)]
    assert made == [(1, each, 1) for each in told] + [(parent, each, 2) for parent in (1, 3, 5) for each in told]
    assert [action.move.temperature for action in repairs] == [0.0] * 3 + [0.8] * 9
    assert solve.state.outcome == Outcome(Reason.PASSED, 2)
    assert len(solve.state.turns) == 37 + 21 + 2


def test_a_survey_ends_where_both_first_candidates_pass() -> None:
    solve = Solve(options(Strategy.SURVEY), {1: 4, 2: 4}).play(9)
    assert len(solve.rounds) == 2
    assert len(solve.state.turns) == 2
