"""`selfdebug bench`: a whole data set, with what feedback was worth."""

import asyncio
import time
from contextlib import ExitStack
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sandbox.protocol import Sandbox
from selfdebug.cli import choices
from selfdebug.cli.sandboxes import open_named
from selfdebug.models import DEFAULT_MODEL
from selfdebug.options import Options, Strategy
from selfdebug.problem import Problem

if TYPE_CHECKING:
    from benchmarks.run import Row, RunFolder


class DatasetName(StrEnum):
    """The data sets that are known by name."""

    HUMANEVAL = "humaneval"
    MBPP = "mbpp"
    TRANSCODER = "transcoder"
    SPIDER = "spider"


class Visible(StrEnum):
    """The protocol: which tests the model may see."""

    FIRST = "first"
    EXAMPLES = "examples"
    ALL = "all"


def bench(
    dataset: Annotated[DatasetName, typer.Argument(help="The data set.")],
    data: Annotated[
        Path | None,
        typer.Option(
            help="Its file, or the folder with it; by default the official one, fetched once and kept in the cache."
        ),
    ] = None,
    split: Annotated[
        str,
        typer.Option(
            help="Only a part: of MBPP test (the default), validation, train or prompt; of the others development or "
            "held-out, two halves by a fixed hash."
        ),
    ] = "",
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N problems.")] = None,
    visible: Annotated[
        Visible,
        typer.Option(
            help="The protocol. first: the model sees the first example or test; examples: the docstring's examples, "
            "or else the first test; all: every test. All tests grade the answer. Spider has none to see."
        ),
    ] = Visible.EXAMPLES,
    model: choices.Model = DEFAULT_MODEL,
    feedback: choices.FeedbackChoice = "unit-test",
    few_shot: choices.FewShot = False,
    strategy: choices.StrategyChoice = Strategy.ADAPTIVE,
    samples: choices.Samples = 1,
    max_turns: choices.MaxTurns = 10,
    max_tokens: choices.MaxTokens = None,
    temperature: choices.Temperature = 0.0,
    seed: choices.Seed = 0,
    max_new_tokens: choices.MaxNewTokens = 512,
    concurrency: Annotated[int, typer.Option(min=1, help="Problems that are worked on at once.")] = 64,
    timeout: choices.Timeout = 10.0,
    memory: choices.Memory = 512,
    sandbox: choices.SandboxChoice = "bubblewrap",
    runtime: choices.Runtime = None,
    out: choices.Out = None,
    bank: Annotated[
        Path | None,
        typer.Option(help="A file of completions: what was asked before is answered from it, what is new is added."),
    ] = None,
) -> None:
    """Solve a whole DATASET, many problems at once, and print how many are solved before and after feedback.

    With --out the run can be interrupted at any moment: the same command goes on where it stopped.
    """
    from benchmarks.datasets import DATASETS, load, locate
    from benchmarks.manifest import asked
    from benchmarks.run import RunFolder

    options = choices.options(
        model=model,
        feedback=feedback,
        max_turns=max_turns,
        max_tokens=max_tokens,
        temperature=temperature,
        seed=seed,
        max_new_tokens=max_new_tokens,
        timeout=timeout,
        memory=memory,
        strategy=strategy,
        samples=samples,
        few_shot=few_shot,
    )
    path = locate(DATASETS[dataset.value], data)
    problems = load(DATASETS[dataset.value], path, visible.value, split)[:limit]
    wanted = asked(path, problems, options, visible.value, split)
    box = open_named(sandbox, runtime)
    began = time.monotonic()
    folder = RunFolder(out) if out else None
    rows = asyncio.run(_run(problems, options, box, folder, wanted, concurrency, bank))
    _tell(rows, DATASETS[dataset.value].title, options, visible, time.monotonic() - began)


async def _run(
    problems: list[Problem],
    options: Options,
    box: Sandbox,
    folder: "RunFolder | None",
    wanted: dict[str, object],
    concurrency: int,
    bank: Path | None,
) -> "list[Row]":
    from benchmarks.bank import Bank, BankedGenerator
    from benchmarks.manifest import circumstances, identity
    from benchmarks.run import run

    held_bank = Bank(bank) if bank else None
    generator = choices.open_model(options.model)
    model = identity(options.model)
    if held_bank:
        generator = BankedGenerator(generator, held_bank, f"{model.name}@{model.revision}")
    solved = {"first": 0, "after": 0}
    with _progress() as progress:
        task = progress.add_task("solving", total=len(problems), first=0, after=0)

        def done(row: "Row") -> None:
            solved["first"] += row.solved_first
            solved["after"] += row.solved
            progress.update(task, advance=1, first=solved["first"], after=solved["after"])

        try:
            with ExitStack() as held:
                if folder:
                    made = circumstances(options.model, box.isolation)
                    held.enter_context(folder.claim({**wanted, "model": asdict(model)}, made))
                return await run(
                    problems,
                    options,
                    generator=generator,
                    sandbox=box,
                    folder=folder,
                    concurrency=concurrency,
                    done=done,
                )
        finally:
            await generator.close()
            await box.close()


def _progress() -> Progress:
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("first answers {task.fields[first]}, after feedback {task.fields[after]}"),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=console, disable=not console.is_terminal)


def _tell(rows: "list[Row]", title: str, options: Options, visible: Visible, seconds: float) -> None:
    first, after = sum(row.solved_first for row in rows), sum(row.solved for row in rows)
    usages = [row.result.state.usage for row in rows if row.result]
    tokens, total = sum(usage.tokens for usage in usages), len(rows)
    feedback = "+".join(options.feedback)
    typer.echo(f"{title}: {total} problems, {options.model}, visible tests: {visible.value}, feedback {feedback}")
    typer.echo(f"solved before any feedback:  {first} of {total} ({first / total:.1%})")
    typer.echo(f"solved after at most {options.budget.turns} turns: {after} of {total} ({after / total:.1%})")
    there = sum(row.solvable for row in rows)
    if there:
        typer.echo(f"chosen right: {after} of {there} where a candidate passes every test")
    typer.echo(f"spent: {tokens:,} tokens in {sum(usage.requests for usage in usages):,} requests, {seconds:.0f} s")
    for row in rows:
        if row.error:
            typer.echo(f"no result for {row.problem.id}: {row.error}; the same command tries it again", err=True)
