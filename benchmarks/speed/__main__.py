"""`python -m benchmarks.speed COMMAND`: one command a benchmark."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from selfdebug.errors import SelfDebugError
from selfdebug.models import DEFAULT_MODEL, resolve

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def main() -> None:
    """Measure the parts of selfdebug against their plain peers."""


@app.command()
def generation(
    data: Annotated[Path, typer.Option(help="HumanEval.jsonl or .jsonl.gz: the prompts.")],
    model: Annotated[str, typer.Option(help="A hub name or a local folder.")] = DEFAULT_MODEL,
    sizes: Annotated[str, typer.Option(help="Concurrent requests of the equal-length part.")] = "1,8,32",
    new_tokens: Annotated[int, typer.Option(min=1, help="New tokens a request of the equal-length part.")] = 64,
    rounds: Annotated[int, typer.Option(min=0, help="Pairs a size.")] = 5,
    workload_rounds: Annotated[int, typer.Option(min=0, help="Pairs of the whole workload.")] = 1,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="The longest reply of the workload.")] = 512,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first prompts of the workload.")] = None,
    batch: Annotated[int, typer.Option(min=1, help="Places of the workload's batch, on both sides.")] = 32,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """TransformersGenerator against plain `model.generate`, in alternating pairs."""
    from benchmarks.speed.generation import Plan, measure, table

    try:
        plan = Plan(
            prompts=read_prompts(data),
            sizes=tuple(int(size) for size in sizes.split(",")),
            new_tokens=new_tokens,
            rounds=rounds,
            workload_rounds=workload_rounds,
            max_new_tokens=max_new_tokens,
            limit=limit,
            batch=batch,
        )
        report = asyncio.run(measure(resolve(model, pull=True), plan, lambda line: typer.echo(line, err=True)))
    except (SelfDebugError, OSError, ValueError, KeyError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error
    typer.echo(json.dumps(asdict(report), indent=2) if as_json else table(report))


def read_prompts(path: Path) -> tuple[str, ...]:
    """The prompts of a HumanEval file, in file order."""
    import gzip

    raw = path.read_bytes()
    text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode()
    return tuple(json.loads(line)["prompt"] for line in text.splitlines() if line.strip())


if __name__ == "__main__":
    app()
