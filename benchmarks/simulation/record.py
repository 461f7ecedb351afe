"""From a finished run to a bank of draws."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks import results
from benchmarks.run import RunFolder
from benchmarks.simulation.bank import Bank, Draw, Program, Recorded, digest
from sandbox.protocol import Sandbox
from sandbox.types import AssertSuite, ExceptionInfo, Execution, TestResult
from selfdebug.driver import Result
from selfdebug.events import Completed, Event
from selfdebug.probes import probes
from selfdebug.problem import Problem
from selfdebug.state import State, Turn
from selfdebug.trajectory import read

_LONGEST = 120  # characters of a value; a longer one is known by its digest
_KEPT = ("data_sha256", "visible", "model", "options", "prompts")


async def record(folder: Path, problems: Sequence[Problem], sandbox: Sandbox) -> Bank:
    """Make a bank of what a run has drawn. What passes is run once more, in calls that tell candidates apart.

    Args:
        problems: Those of the run.

    Raises:
        InputError: The folder holds no finished run, or a trajectory in it cannot be read.
        SandboxError: The sandbox failed.
    """
    run = results.load(folder)
    asked = run.manifest.asked.model_dump()
    recorded = []
    for problem in problems:
        if problem.id in run.by_problem and not run.by_problem[problem.id].error:
            events = read(RunFolder(folder).trajectory(problem))
            recorded.append(await _probed(_recorded(problem, events), problem, sandbox, Result.of(events).state))
    return Bank({key: asked[key] for key in _KEPT}, tuple(recorded))


def _recorded(problem: Problem, events: Sequence[Event]) -> Recorded:
    result = Result.of(events)
    turns = result.state.turns
    programs = {
        turn.candidate.program: Program(turn.candidate.program, _bare(turn), right=result.passes(turn.number))
        for turn in turns
        if turn.candidate.program
    }
    places = {text: place for place, text in enumerate(programs)}
    draws = [
        draw
        for event in events
        if isinstance(event, Completed) and not event.purpose.talks
        for draw in _draws(event, turns, places)
    ]
    return Recorded(problem.id, digest(problem), tuple(programs.values()), tuple(draws))


def _draws(event: Completed, turns: Sequence[Turn], places: dict[str, int]) -> list[Draw]:
    completion = event.completion
    characters = sum(map(len, completion.texts)) or 1
    draws = []
    for turn, text in zip(turns[event.turn - 1 :], completion.texts, strict=False):
        move = turn.candidate.move
        draws.append(
            Draw(
                reply=text,
                program=places.get(turn.candidate.program, -1),
                parent=places.get(turns[move.parent - 1].candidate.program, -1) if move.parent else -1,
                feedback=move.feedback,
                phrasing=move.phrasing,
                greedy=move.temperature == 0,
                prompt_tokens=completion.prompt_tokens,
                completion_tokens=round(completion.completion_tokens * len(text) / characters),
            )
        )
    return draws


async def _probed(recorded: Recorded, problem: Problem, sandbox: Sandbox, state: State) -> Recorded:
    """With what the programs that pass do in other calls, where there are several."""
    passing = [program for program in recorded.programs if program.execution and program.execution.passed]
    suite = problem.visible
    asked = probes(suite, problem.entry_point) if isinstance(suite, AssertSuite) and len(passing) > 1 else None
    if asked is None:
        return recorded
    done: dict[str, Program] = {}
    async with sandbox.job() as executor:
        for program in passing:
            execution = await executor.run(program.text, asked, state.options.limits)
            done[program.text] = replace(program, probed=_stripped(execution))
    return replace(recorded, programs=tuple(done.get(program.text, program) for program in recorded.programs))


def _bare(turn: Turn) -> Execution | None:
    return _stripped(turn.execution) if turn.execution else None


def _stripped(execution: Execution) -> Execution:
    """What strategies and the choice of the answer look at: how each test ended, and with what value."""
    tests = tuple(
        TestResult("", test.status, actual=_short(test.actual), exception=_type(test.exception), ran=test.ran)
        for test in execution.tests
    )
    return Execution(execution.status, tests, _type(execution.exception))


def _short(value: str | None) -> str | None:
    if value is None or len(value) <= _LONGEST:
        return value
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


def _type(exception: ExceptionInfo | None) -> ExceptionInfo | None:
    return ExceptionInfo(exception.type, "") if exception else None
