"""`selfdebug compare`: is one run better than another, and by how much?"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from selfdebug.errors import SelfDebugError

if TYPE_CHECKING:
    from benchmarks.compare import Change, Comparison, Side
    from benchmarks.results import Run

_RESAMPLE = (
    "Independent sampling at the same tokens is not among these runs. Repair that loses to it is not worth having: "
    "repeat the command with --strategy resample, and name that run with --against."
)


def compare(
    first: Annotated[Path, typer.Argument(metavar="RUN_A", help="The folder of a run.")],
    second: Annotated[Path, typer.Argument(metavar="RUN_B", help="Another, over the same problems.")],
    against: Annotated[
        Path | None, typer.Option(help="A run with --strategy resample, which both are compared with too.")
    ] = None,
    tokens: Annotated[
        int | None, typer.Option(min=1, help="Where to compare at equal cost, in tokens a problem.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Compare two runs: solved problems with intervals, the tasks that changed, and both at equal tokens."""
    with extras():
        from benchmarks.compare import compare as compare_runs
        from benchmarks.results import load

    runs = [load(path) for path in (first, second, *([against] if against else []))]
    pairs = [(runs[0], runs[1]), *((run, runs[2]) for run in runs[:2] if against)]
    found = [compare_runs(one, other, tokens=tokens, seed=seed) for one, other in pairs]
    if as_json:
        typer.echo(json.dumps(_plain(found, runs), default=float))
        return
    console = Console()
    for comparison in found:
        _show(console, comparison)
    if all(run.strategy != "resample" for run in runs):
        console.print(Text(f"\n{_RESAMPLE}", style="yellow"))


@contextmanager
def extras() -> Iterator[None]:
    """Say how to install what comparing needs and judging does not."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise SelfDebugError(f"{error.name} is not installed here: pip install 'selfdebug[bench]'") from error


def _plain(found: "list[Comparison]", runs: "list[Run]") -> dict[str, object]:
    compared = asdict(found[0])
    if len(found) > 1:
        compared["against"] = [asdict(comparison) for comparison in found[1:]]
    return compared | {"resampling": any(run.strategy == "resample" for run in runs)}


def _show(console: Console, found: "Comparison") -> None:
    table = Table(title=f"{found.first.name} and {found.second.name}", title_justify="left", box=None, pad_edge=False)
    table.add_column("")
    table.add_column(f"A  {found.first.name}", justify="right")
    table.add_column(f"B  {found.second.name}", justify="right")
    for name, one, other in zip(_names(found), _facts(found.first), _facts(found.second), strict=True):
        table.add_row(name, one, other)
    console.print()
    console.print(table)
    console.print()
    _change(console, "B less A", found.at_end)
    _change(console, f"B less A, within {found.tokens:,} tokens a problem", found.at_tokens)
    for name, tasks in (("gained (only B solves)", found.at_end.gained), ("lost (only A solves)", found.at_end.lost)):
        console.print(Text(f"{name}: {len(tasks)}  {', '.join(tasks)}"))
    for warning in found.warnings:
        console.print(Text(f"warning: {warning}", style="yellow"))


def _names(found: "Comparison") -> list[str]:
    return [
        "feedback",
        f"solved, of {found.first.problems}",
        "95% interval",
        "solved by the first answer",
        f"solved within {found.tokens:,} tokens each",
        "tokens in all",
        "for each solved problem: tokens in",
        "tokens out",
        "seconds",
        "executions",
        "dollars",
        "without a result",
    ]


def _facts(side: "Side") -> list[str]:
    cost = side.per_solved
    spent = ["-"] * 5
    if cost:
        spent = [
            f"{cost.prompt_tokens:,.0f}",
            f"{cost.completion_tokens:,.0f}",
            f"{cost.seconds:,.1f}",
            f"{cost.executions:,.1f}",
            money(cost.dollars),
        ]
    return [
        side.label,
        f"{side.solved} ({side.solved / side.problems:.1%})",
        f"{side.share.low:.1%} to {side.share.high:.1%}",
        str(side.solved_first),
        str(side.solved_within),
        f"{side.tokens:,}",
        *spent,
        str(side.errors),
    ]


def money(dollars: Decimal | None) -> str:
    """Dollars in words; what is not known is not zero."""
    return "unknown" if dollars is None else f"{dollars:.4f}"


def _change(console: Console, name: str, change: "Change") -> None:
    low, high = change.interval.low, change.interval.high
    said = f"{change.difference:+.1%} (95% {low:+.1%} to {high:+.1%}), McNemar's exact p = {change.p:.3g}"
    console.print(Text(f"{name}: {said}"))
