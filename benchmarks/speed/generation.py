"""Tokens per second of `TransformersGenerator` and of plain `generate`, measured in alternating pairs.

Two parts. Equal length: n requests at once, every one with the same number of new tokens, so that a static batch
wastes nothing. Workload: all prompts, greedy, each reply as long as it is; the static batches wait for their slowest.
Both sides load the same weights in the same number type, write the same prompts, and are timed from text to tokens.
"""

import asyncio
import platform
import statistics
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import torch
import transformers

from benchmarks.speed.plain import PlainGenerate
from selfdebug.generator import GenerationRequest, Message, Sampling
from selfdebug.generators.transformers import TransformersGenerator

Prompts = list[tuple[Message, ...]]
Say = Callable[[str], None]
Run = Callable[[], Awaitable[tuple[float, int]]]  # seconds and tokens


@dataclass(frozen=True)
class Plan:
    """What to measure; see the command's options."""

    prompts: tuple[str, ...]
    sizes: tuple[int, ...] = (1, 8, 32)
    new_tokens: int = 64
    rounds: int = 5
    workload_rounds: int = 1
    max_new_tokens: int = 512
    limit: int | None = None
    batch: int = 32


@dataclass(frozen=True)
class Pair:
    """The same work done by both, one right after the other."""

    plain_s: float
    plain_tokens: int
    ours_s: float
    ours_tokens: int

    @property
    def ratio(self) -> float:
        """Our tokens per second over plain's."""
        return (self.ours_tokens / self.ours_s) / (self.plain_tokens / self.plain_s)


@dataclass(frozen=True)
class Row:
    """One line of the report: the median of the pairs, and the extremes of their ratios."""

    work: str
    pairs: int
    plain_tokens_per_s: float
    ours_tokens_per_s: float
    ratio: float
    ratio_min: float
    ratio_max: float
    time_ratio: float  # plain's seconds over ours, for the whole work


@dataclass(frozen=True)
class Report:
    """All rows, and what they were measured on."""

    machine: str
    rows: tuple[Row, ...]


async def measure(model: Path, plan: Plan, say: Say) -> Report:
    """Run the plan; `say` is told of each pair as it is done."""
    plain = await asyncio.to_thread(PlainGenerate, model)
    rows = [
        *await _equal_length(model, plain, plan, say),
        *await _workload(model, plain, plan, say),
    ]
    return Report(_machine(), tuple(rows))


async def _equal_length(model: Path, plain: PlainGenerate, plan: Plan, say: Say) -> list[Row]:
    if not plan.rounds:
        return []
    ours = TransformersGenerator(model, name="ours", max_batch=max(plan.sizes), stop_ids=frozenset())
    sampling = Sampling(max_new_tokens=plan.new_tokens, stop_after_code=False)
    pairs: dict[int, list[Pair]] = {size: [] for size in plan.sizes}
    try:
        await ours.load()
        for index in range(-1, plan.rounds):  # round -1 warms both up, and is not counted
            for size in plan.sizes:
                work = _conversations([plan.prompts[i % len(plan.prompts)] for i in range(size)])

                async def run_plain(work: Prompts = work) -> tuple[float, int]:
                    seconds = await asyncio.to_thread(plain.equal_length, work, plan.new_tokens)
                    return seconds, len(work) * plan.new_tokens

                async def run_ours(work: Prompts = work) -> tuple[float, int]:
                    return await _ours(ours, work, sampling)

                pair = await _pair(run_plain, run_ours, plain_first=index % 2 == 0)
                if pair.ours_tokens != pair.plain_tokens:
                    raise ValueError(f"unequal work: {pair}")
                if index >= 0:
                    pairs[size].append(pair)
                    say(f"{size} at once: ratio {pair.ratio:.2f} ({pair.ours_tokens / pair.ours_s:.1f} tokens/s)")
    finally:
        await ours.close()
    return [_row(f"equal length, {size} at once", done) for size, done in pairs.items()]


async def _workload(model: Path, plain: PlainGenerate, plan: Plan, say: Say) -> list[Row]:
    if not plan.workload_rounds:
        return []
    work = _conversations(list(plan.prompts[: plan.limit]))
    ours = TransformersGenerator(model, name="ours", max_batch=plan.batch)
    sampling = Sampling(max_new_tokens=plan.max_new_tokens)
    pairs = []

    async def run_plain() -> tuple[float, int]:
        return await asyncio.to_thread(plain.workload, work, plan.batch, plan.max_new_tokens)

    async def run_ours() -> tuple[float, int]:
        return await _ours(ours, work, sampling)

    try:
        await _ours(ours, work[:1], Sampling(max_new_tokens=4))
        for index in range(plan.workload_rounds):
            pairs.append(await _pair(run_plain, run_ours, plain_first=index % 2 == 0))
            say(f"workload: {pairs[-1]}")
    finally:
        await ours.close()
    return [_row(f"workload of {len(work)} prompts", pairs)]


async def _ours(generator: TransformersGenerator, work: Prompts, sampling: Sampling) -> tuple[float, int]:
    started = asyncio.get_running_loop().time()
    completions = await asyncio.gather(
        *(generator.generate(GenerationRequest(messages, sampling)) for messages in work)
    )
    seconds = asyncio.get_running_loop().time() - started
    return seconds, sum(completion.completion_tokens for completion in completions)


async def _pair(plain: Run, ours: Run, *, plain_first: bool) -> Pair:
    """Run both, in alternating order: what drifts on the machine must not favour one side."""
    if plain_first:
        plain_s, plain_tokens = await plain()
        ours_s, ours_tokens = await ours()
    else:
        ours_s, ours_tokens = await ours()
        plain_s, plain_tokens = await plain()
    return Pair(plain_s, plain_tokens, ours_s, ours_tokens)


def _conversations(prompts: list[str]) -> Prompts:
    return [(Message("user", f"Complete this Python function.\n\n```python\n{prompt}```"),) for prompt in prompts]


def _row(work: str, pairs: list[Pair]) -> Row:
    ratios = [pair.ratio for pair in pairs]
    return Row(
        work=work,
        pairs=len(pairs),
        plain_tokens_per_s=statistics.median(pair.plain_tokens / pair.plain_s for pair in pairs),
        ours_tokens_per_s=statistics.median(pair.ours_tokens / pair.ours_s for pair in pairs),
        ratio=statistics.median(ratios),
        ratio_min=min(ratios),
        ratio_max=max(ratios),
        time_ratio=statistics.median(pair.plain_s / pair.ours_s for pair in pairs),
    )


def _machine() -> str:
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else f"CPU, {torch.get_num_threads()} threads"
    return f"{platform.machine()}, {device}, torch {torch.__version__}, transformers {transformers.__version__}"


def table(report: Report) -> str:
    """The report as text."""
    lines = [
        report.machine,
        f"{'work':32} {'pairs':>5} {'plain tok/s':>12} {'ours tok/s':>11}"
        f" {'ratio':>6} {'min':>6} {'max':>6} {'time':>6}",
    ]
    lines += [
        f"{row.work:32} {row.pairs:5} {row.plain_tokens_per_s:12.1f} {row.ours_tokens_per_s:11.1f}"
        f" {row.ratio:6.2f} {row.ratio_min:6.2f} {row.ratio_max:6.2f} {row.time_ratio:6.2f}"
        for row in report.rows
    ]
    return "\n".join(lines)
