"""Tokens per second of `TransformersGenerator` and of plain `generate`, measured in alternating pairs.

Equal length: n requests at once, every one with the same number of new tokens, so that a static batch wastes nothing.
Workload: all prompts, greedy, each reply as long as it is; the static batches wait for their slowest. Both load the
same weights in the same number type, and are timed from text to tokens. Nothing is kept between requests, so that each
prompt is read each time. What sharing is worth is measured in `sharing`.
"""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.speed import sharing
from benchmarks.speed.pairs import Pair, Prompts, Report, Row, Say, answered, conversations, machine, pair, row
from benchmarks.speed.plain import PlainGenerate
from selfdebug.generator import Sampling
from selfdebug.generators.transformers import TransformersGenerator


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
    together: sharing.Plan = field(default_factory=sharing.Plan)


async def measure(model: Path, plan: Plan, say: Say) -> Report:
    """Run the plan; `say` is told of each pair as it is done."""
    rows: list[Row] = []
    if plan.rounds or plan.workload_rounds:
        plain = await asyncio.to_thread(PlainGenerate, model)
        rows += await _equal_length(model, plain, plan, say)
        rows += await _workload(model, plain, plan, say)
    rows += await sharing.measure(model, plan.together, plan.prompts, say)
    return Report(machine(), tuple(rows))


async def _equal_length(model: Path, plain: PlainGenerate, plan: Plan, say: Say) -> list[Row]:
    if not plan.rounds:
        return []
    ours = TransformersGenerator(model, name="ours", max_batch=max(plan.sizes), stop_ids=frozenset(), max_kept_bytes=0)
    sampling = Sampling(max_new_tokens=plan.new_tokens, stop_after_code=False)
    pairs: dict[int, list[Pair]] = {size: [] for size in plan.sizes}
    try:
        await ours.load()
        for index in range(-1, plan.rounds):  # round -1 warms both up, and is not counted
            for size in plan.sizes:
                work = conversations([plan.prompts[i % len(plan.prompts)] for i in range(size)])

                async def run_plain(work: Prompts = work) -> tuple[float, int]:
                    seconds = await asyncio.to_thread(plain.equal_length, work, plan.new_tokens)
                    return seconds, len(work) * plan.new_tokens

                async def run_ours(work: Prompts = work) -> tuple[float, int]:
                    return await answered(ours, work, sampling)

                done = await pair(run_plain, run_ours, plain_first=index % 2 == 0)
                if done.ours_tokens != done.plain_tokens:
                    raise ValueError(f"unequal work: {done}")
                if index >= 0:
                    pairs[size].append(done)
                    say(f"{size} at once: ratio {done.ratio:.2f} ({done.ours_tokens / done.ours_s:.1f} tokens/s)")
    finally:
        await ours.close()
    return [row(f"equal length, {size} at once", done) for size, done in pairs.items()]


async def _workload(model: Path, plain: PlainGenerate, plan: Plan, say: Say) -> list[Row]:
    if not plan.workload_rounds:
        return []
    work = conversations(list(plan.prompts[: plan.limit]))
    ours = TransformersGenerator(model, name="ours", max_batch=plan.batch, max_kept_bytes=0)
    sampling = Sampling(max_new_tokens=plan.max_new_tokens)
    pairs = []

    async def run_plain() -> tuple[float, int]:
        return await asyncio.to_thread(plain.workload, work, plan.batch, plan.max_new_tokens)

    async def run_ours() -> tuple[float, int]:
        return await answered(ours, work, sampling)

    try:
        await answered(ours, work[:1], Sampling(max_new_tokens=4))
        for index in range(plan.workload_rounds):
            pairs.append(await pair(run_plain, run_ours, plain_first=index % 2 == 0))
            say(f"workload: {pairs[-1]}")
    finally:
        await ours.close()
    return [row(f"workload of {len(work)} prompts", pairs)]
