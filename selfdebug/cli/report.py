"""`selfdebug report`: a run as one HTML file."""

from pathlib import Path
from typing import Annotated

import typer

from selfdebug.cli.compare import extras
from selfdebug.errors import InputError


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")],
    against: Annotated[
        list[Path] | None, typer.Option(help="Another run over the same problems, drawn beside it; may be repeated.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file; by default report.html in the run's folder.")
    ] = None,
) -> None:
    """Write a run as one HTML file that needs nothing else: curves, faults, and every trajectory turn by turn."""
    with extras():
        from benchmarks.report import render
        from benchmarks.results import load

    page = render(load(run), [load(path) for path in against or ()])
    path = output or run / "report.html"
    partial = path.with_name(f".{path.name}.part")
    try:
        partial.write_text(page, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise InputError(str(path), "", f"can't be written: {error.strerror}") from None
    typer.echo(str(path))
