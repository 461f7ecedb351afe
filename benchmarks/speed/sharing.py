"""What sharing is worth: our own generator at the same work, apart and together, in alternating pairs.

Samples: one long prompt, its samples asked for together, against as many requests of prompts as long that differ.
Repairs: long conversations that go on, against the same conversations where nothing of them was kept. Solves: problems
that a strategy solves at once, against the same ones after each other, sandbox and all.
"""

import asyncio
import functools
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.speed.pairs import Row, Say, answered, conversations, pair, row
from sandbox.select import open_sandbox
from selfdebug.driver import solve
from selfdebug.generator import Message, Sampling
from selfdebug.generators.transformers import TransformersGenerator
from selfdebug.options import Options
from selfdebug.problem import Problem

_LONG_PROMPT = 6000  # characters
_REPLY = "```python\n{}```"
_FEEDBACK = "The function is wrong: it fails its first test. Write it again."


@dataclass(frozen=True)
class Plan:
    """What to measure; see the command's options.

    Attributes:
        rounds: Pairs of samples and of repairs.
        solve_rounds: Pairs of all problems, at once and after each other.
    """

    rounds: int = 3
    samples: int = 16
    new_tokens: int = 64
    problems: tuple[Problem, ...] = ()
    options: Options = field(default_factory=Options)
    solve_rounds: int = 1


async def measure(model: Path, plan: Plan, prompts: tuple[str, ...], say: Say) -> list[Row]:
    """Run the plan; `say` is told of each pair as it is done."""
    rows: list[Row] = []
    if plan.rounds:
        # As long as a late turn's prompt: all the problems there are, up to so many characters.
        text = "\n\n".join(prompts)[:_LONG_PROMPT]
        rows += [await _samples(model, plan, text, say), await _repairs(model, plan, text, say)]
    if plan.problems and plan.solve_rounds:
        rows.append(await _solves(model, plan, say))
    return rows


async def _samples(model: Path, plan: Plan, text: str, say: Say) -> Row:
    ours = TransformersGenerator(model, name="ours", max_batch=plan.samples, stop_ids=frozenset(), max_kept_bytes=0)
    sampling = Sampling(temperature=0.8, max_new_tokens=plan.new_tokens, stop_after_code=False)
    pairs = []

    async def apart(first: int) -> tuple[float, int]:
        work = conversations([f"# {first + index}\n{text}" for index in range(plan.samples)])
        return await answered(ours, work, sampling)

    async def together(first: int) -> tuple[float, int]:
        return await answered(ours, conversations([f"# {first}\n{text}"]), sampling, plan.samples)

    try:
        await answered(ours, conversations([text]), Sampling(max_new_tokens=4))
        for index in range(plan.rounds):
            runs = functools.partial(apart, index), functools.partial(together, index)
            pairs.append(await pair(*runs, plain_first=index % 2 == 0))
            say(f"{plan.samples} samples: {pairs[-1]}")
    finally:
        await ours.close()
    return row(f"{plan.samples} samples of one prompt", pairs)


async def _repairs(model: Path, plan: Plan, text: str, say: Say) -> Row:
    sampling = Sampling(max_new_tokens=plan.new_tokens, stop_after_code=False)
    anew, kept = (
        TransformersGenerator(model, name="ours", max_batch=plan.samples, stop_ids=frozenset(), max_kept_bytes=most)
        for most in (0, None)
    )
    pairs = []

    async def repaired(ours: TransformersGenerator, first: int) -> tuple[float, int]:
        asked = conversations([f"# {first + index}\n{text}" for index in range(plan.samples)])
        await answered(ours, asked, Sampling(max_new_tokens=1))  # not timed: both have been asked before
        reply = Message("assistant", _REPLY.format(text[: _LONG_PROMPT // 6]))
        work = [(*messages, reply, Message("user", _FEEDBACK)) for messages in asked]
        return await answered(ours, work, sampling)

    try:
        for ours in (anew, kept):
            await answered(ours, conversations([text]), Sampling(max_new_tokens=4))
        for index in range(plan.rounds):
            first = plan.samples * index
            runs = functools.partial(repaired, anew, first), functools.partial(repaired, kept, first)
            pairs.append(await pair(*runs, plain_first=index % 2 == 0))
            say(f"{plan.samples} repairs: {pairs[-1]}")
    finally:
        await anew.close()
        await kept.close()
    return row(f"{plan.samples} conversations that go on", pairs)


async def _solves(model: Path, plan: Plan, say: Say) -> Row:
    async def solved(at_once: int) -> tuple[float, int]:
        ours = TransformersGenerator(model, name="ours")
        places = asyncio.Semaphore(at_once)

        async def one(problem: Problem) -> int:
            async with places:
                result = await solve(problem, plan.options, generator=ours, sandbox=sandbox)
                return result.state.usage.tokens

        sandbox = open_sandbox()
        try:
            await answered(ours, conversations(["# a word"]), Sampling(max_new_tokens=4))
            started = time.monotonic()
            tokens = await asyncio.gather(*(one(problem) for problem in plan.problems))
            return time.monotonic() - started, sum(tokens)
        finally:
            await sandbox.close()
            await ours.close()

    count, pairs = len(plan.problems), []
    for index in range(plan.solve_rounds):
        runs = functools.partial(solved, 1), functools.partial(solved, count)
        pairs.append(await pair(*runs, plain_first=index % 2 == 0))
        say(f"{count} solves: {pairs[-1]}")
    return row(f"{count} {plan.options.strategy} solves at once", pairs)
