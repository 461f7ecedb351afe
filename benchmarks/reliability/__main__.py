"""`python -m benchmarks.reliability`: do the faults, and print a table of what came of them."""

import asyncio
import json
import os
import signal
import subprocess
from contextlib import ExitStack
from dataclasses import asdict
from typing import Annotated

import typer

from benchmarks.reliability.faults import FAULTS, Fault, run
from benchmarks.reliability.outcome import HEADING, Outcome
from benchmarks.reliability.processes import ROOT, Stuck
from benchmarks.reliability.servers import PartMissing, Postgres, Redis
from benchmarks.reliability.site import SETTINGS, Parts, Size
from benchmarks.speed.sandbox import machine

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    only: Annotated[str, typer.Option(help="Only faults whose name has one of these words, joined with commas.")] = "",
    jobs: Annotated[int, typer.Option(min=1, help="Accepted and not ended whenever a fault is done.")] = 50,
    times: Annotated[int, typer.Option(min=1, help="How often each fault is done.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a fault instead.")] = False,
) -> None:
    """Do faults to a whole service while jobs are in flight. Status 1 where anything was lost, doubled or left."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # nothing that was started outlives this
    chosen = [fault for fault in FAULTS if not only or any(word in fault.name for word in only.split(","))]
    fine = True
    try:
        with ExitStack() as stack:
            postgres = Postgres()
            stack.callback(postgres.remove)
            redis = Redis()
            stack.callback(redis.remove)
            typer.echo(f"{machine()}, load {os.getloadavg()[0]:.1f}, commit {_commit()}", err=as_json)
            typer.echo(", ".join(f"{name}={value}" for name, value in SETTINGS.items()) + f"\n\n{HEADING}", err=as_json)
            for fault in chosen:
                fine &= _do(fault, Parts(postgres, redis), Size(jobs, times), as_json=as_json)
    except PartMissing as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error
    if not fine:
        raise typer.Exit(1)


def _do(fault: Fault, parts: Parts, size: Size, *, as_json: bool) -> bool:
    try:
        outcome = asyncio.run(run(fault, parts, size))
    except PartMissing as error:
        outcome = Outcome(fault.name, wrong=[str(error)])
    except Stuck as error:
        outcome = Outcome(fault.name, lost=1, wrong=["\n".join([str(error), *getattr(error, "__notes__", ())])])
    typer.echo(json.dumps(asdict(outcome)) if as_json else outcome.row())
    for flaw in outcome.wrong:
        typer.echo(flaw, err=True)
    return not outcome.wrong


def _commit() -> str:
    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60)
        return done.stdout.strip()

    changed = " with changes" if git("status", "--porcelain", "--untracked-files=no") else ""
    return (git("rev-parse", "--short", "HEAD") or "unknown") + changed


if __name__ == "__main__":
    app()
