"""Pairs of measurements of the same work, and the rows of a report that they make."""

import asyncio
import platform
import statistics
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import torch
import transformers

from selfdebug.generator import GenerationRequest, Message, Sampling
from selfdebug.generators.transformers import TransformersGenerator

Prompts = list[tuple[Message, ...]]
Say = Callable[[str], None]
Run = Callable[[], Awaitable[tuple[float, int]]]  # seconds and tokens


@dataclass(frozen=True)
class Pair:
    """The same work done plainly and as we do it, one right after the other."""

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


async def answered(
    generator: TransformersGenerator, work: Prompts, sampling: Sampling, samples: int = 1
) -> tuple[float, int]:
    """Ask for all at once; the seconds until all are answered, and the tokens written."""
    started = asyncio.get_running_loop().time()
    completions = await asyncio.gather(
        *(generator.generate(GenerationRequest(messages, sampling, samples)) for messages in work)
    )
    seconds = asyncio.get_running_loop().time() - started
    return seconds, sum(completion.completion_tokens for completion in completions)


async def pair(plain: Run, ours: Run, *, plain_first: bool) -> Pair:
    """Run both, in alternating order: what drifts on the machine must not favour one side."""
    if plain_first:
        plain_s, plain_tokens = await plain()
        ours_s, ours_tokens = await ours()
    else:
        ours_s, ours_tokens = await ours()
        plain_s, plain_tokens = await plain()
    return Pair(plain_s, plain_tokens, ours_s, ours_tokens)


def conversations(prompts: list[str]) -> Prompts:
    """A conversation for each prompt."""
    return [(Message("user", f"Complete this Python function.\n\n```python\n{prompt}```"),) for prompt in prompts]


def row(work: str, pairs: list[Pair]) -> Row:
    """The line that these pairs make."""
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


def machine() -> str:
    """What is measured on."""
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
