"""The local driver over a real sandbox and recorded real completions (`tests/recordings`)."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.protocol import Sandbox
from sandbox.types import AssertSuite
from selfdebug.driver import Result, solve
from selfdebug.errors import GenerationError
from selfdebug.events import Completed, Event, Graded, Submitted
from selfdebug.formats import Visible, load_problems
from selfdebug.generator import Completion, GenerationRequest
from selfdebug.generators.cancelled import CutOff
from selfdebug.generators.replay import ReplayGenerator
from selfdebug.options import Budget, Options
from selfdebug.state import Reason, State, Usage
from selfdebug.trajectory import fold, read

RECORDED = read(Path(__file__).parents[1] / "recordings" / "demo.jsonl")
PROBLEM = RECORDED[0].problem if isinstance(RECORDED[0], Submitted) else None
OPTIONS = RECORDED[0].options if isinstance(RECORDED[0], Submitted) else Options()
COMPLETIONS = tuple(event.completion for event in RECORDED if isinstance(event, Completed))
FINAL = fold(RECORDED)


class Silent:
    """A generator that never answers."""

    model = "silent"

    async def generate(self, request: GenerationRequest) -> Completion:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    async def close(self) -> None:
        """Nothing is held."""


def gist(state: State) -> list[object]:
    """What must be the same in every run of the same completions: all but the times."""
    turns = [(turn.candidate, turn.tests_passed, turn.explanation, turn.tokens) for turn in state.turns]
    return [turns, state.usage, state.outcome]


async def replayed(sandbox: Sandbox, given: tuple[Completion, ...], earlier: tuple[Event, ...] = ()) -> Result:
    assert PROBLEM is not None
    return await solve(PROBLEM, OPTIONS, generator=ReplayGenerator(given), sandbox=sandbox, earlier=earlier)


async def test_the_recorded_replies_lead_to_the_recorded_end(sandbox: Sandbox) -> None:
    result = await replayed(sandbox, COMPLETIONS)
    assert gist(result.state) == gist(FINAL)
    assert result.solved
    assert len(result.state.turns) > 1


async def test_a_solve_goes_on_from_any_of_its_events(sandbox: Sandbox) -> None:
    for count in range(1, len(RECORDED) + 1):
        earlier = RECORDED[:count]
        used = sum(isinstance(event, Completed) for event in earlier)
        result = await replayed(sandbox, COMPLETIONS[used:], earlier)
        assert gist(result.state) == gist(FINAL)
        assert result.state.at_s >= earlier[-1].at_s


async def test_every_event_is_observed_as_it_happens(sandbox: Sandbox) -> None:
    assert PROBLEM is not None
    seen: list[Event] = []

    def observe(event: Event, state: State) -> None:
        seen.append(event)
        assert fold(seen) == state

    result = await solve(PROBLEM, OPTIONS, generator=ReplayGenerator(COMPLETIONS), sandbox=sandbox, observe=observe)
    assert [event.kind for event in seen] == [event.kind for event in RECORDED]
    assert fold(seen) == result.state


async def test_hidden_tests_grade_the_answer_after_the_end(sandbox: Sandbox) -> None:
    assert PROBLEM is not None
    assert isinstance(PROBLEM.visible, AssertSuite)
    name = PROBLEM.entry_point
    for hidden, solved in ((f"assert callable({name})", True), (f"assert {name} is None", False)):
        problem = replace(PROBLEM, hidden=(AssertSuite((hidden,), entry_point=name),))
        seen: list[Event] = []
        result = await solve(
            problem,
            OPTIONS,
            generator=ReplayGenerator(COMPLETIONS),
            sandbox=sandbox,
            observe=lambda event, state: seen.append(event),  # noqa: B023  called before the next round
            grade="all",
        )
        new = [turn.number for turn in result.state.turns if turn.candidate.program and not turn.candidate.repeats]
        assert [event.turn for event in seen if isinstance(event, Graded)] == new
        assert len(new) < len(result.state.turns)
        words = [result.hidden(turn.number) for turn in result.state.turns]
        same = [turn.candidate.repeats or turn.number for turn in result.state.turns]
        assert words == [words[number - 1] for number in same]
        assert None not in words
        assert words[-1] is solved
        assert isinstance(seen[-1], Graded)
        assert isinstance(seen[-2], Graded)
        assert result.solved is solved
        assert [each.passed for each in result.graded if each.turn == 1] == [solved]
        prompts = [m.content for event in seen if isinstance(event, Completed) for m in event.request.messages]
        assert not any(hidden in prompt for prompt in prompts)


async def test_seconds_end_a_solve_that_waits(sandbox: Sandbox) -> None:
    assert PROBLEM is not None
    options = replace(OPTIONS, budget=Budget(seconds=0.2))
    result = await solve(PROBLEM, options, generator=Silent(), sandbox=sandbox)
    assert result.state.outcome is not None
    assert result.state.outcome.reason is Reason.SECONDS
    assert not result.solved


async def test_what_was_spent_on_requests_that_time_cut_off_is_counted(sandbox: Sandbox) -> None:
    class Slow(Silent):
        async def generate(self, request: GenerationRequest) -> Completion:
            try:
                return await super().generate(request)
            except asyncio.CancelledError:
                raise CutOff(120, 30) from None

    assert PROBLEM is not None
    options = replace(OPTIONS, budget=Budget(seconds=0.2))
    seen: list[Event] = []
    result = await solve(
        PROBLEM, options, generator=Slow(), sandbox=sandbox, observe=lambda event, state: seen.append(event)
    )
    assert result.state.usage == Usage(prompt_tokens=120, completion_tokens=30, requests=1)
    assert fold(seen) == result.state


async def test_a_cancelled_solve_stays_open(sandbox: Sandbox) -> None:
    assert PROBLEM is not None
    seen: list[Event] = []
    begun = asyncio.Event()

    def observe(event: Event, state: State) -> None:
        seen.append(event)
        begun.set()

    task = asyncio.create_task(solve(PROBLEM, OPTIONS, generator=Silent(), sandbox=sandbox, observe=observe))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert fold(seen).outcome is None


async def test_a_failed_generator_is_an_exception_not_an_outcome(sandbox: Sandbox) -> None:
    with pytest.raises(GenerationError, match="have been given"):
        await replayed(sandbox, COMPLETIONS[:1])


@pytest.mark.parametrize("visible", ["examples", "first", "all"])
async def test_a_wrong_example_in_the_statement_makes_no_right_program_wrong(
    sandbox: Sandbox, data: Path, visible: Visible
) -> None:
    problems = load_problems(str(data / "humaneval" / "HumanEval.jsonl.gz"), visible=visible)
    for problem in problems:
        if problem.id in ("HumanEval/47", "HumanEval/116"):
            reply = f"```python\n{problem.reference}\n```"
            generator = ReplayGenerator([Completion((reply,), 1, 1, 0.1)] * 2)
            options = Options(budget=Budget(turns=1))
            assert (await solve(problem, options, generator=generator, sandbox=sandbox)).solved
