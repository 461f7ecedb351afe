"""`python -m benchmarks.speed COMMAND`: one command a benchmark."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.speed.peers.registry import PEERS
from sandbox.errors import SandboxError
from selfdebug.errors import SelfDebugError
from selfdebug.formats import load_problems
from selfdebug.models import DEFAULT_MODEL, resolve
from selfdebug.options import Budget, Options, Strategy

IMAGE = "python:3.11-slim-bookworm"

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
    sharing_rounds: Annotated[int, typer.Option(min=0, help="Pairs of samples of a long prompt, and of repairs.")] = 3,
    samples: Annotated[int, typer.Option(min=1, help="How many of them.")] = 16,
    solve_rounds: Annotated[int, typer.Option(min=0, help="Pairs of whole solves, with the default sandbox.")] = 1,
    solves: Annotated[int, typer.Option(min=1, help="How many of them: the data's first problems.")] = 32,
    strategy: Annotated[Strategy, typer.Option(help="How they are solved.")] = Strategy.ADAPTIVE,
    max_tokens: Annotated[int, typer.Option(min=1, help="The most tokens of a solve.")] = 1000,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="The longest reply of the workload.")] = 512,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first prompts of the workload.")] = None,
    batch: Annotated[int, typer.Option(min=1, help="Places of the workload's batch, on both sides.")] = 32,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """TransformersGenerator against plain `model.generate`, and apart against together, in alternating pairs."""
    from benchmarks.speed import sharing
    from benchmarks.speed.generation import Plan, measure
    from benchmarks.speed.pairs import table

    try:
        problems = load_problems(str(data), visible="examples")[:solves] if solve_rounds else []
        plan = Plan(
            prompts=read_prompts(data),
            sizes=tuple(int(size) for size in sizes.split(",")),
            new_tokens=new_tokens,
            rounds=rounds,
            workload_rounds=workload_rounds,
            max_new_tokens=max_new_tokens,
            limit=limit,
            batch=batch,
            together=sharing.Plan(
                rounds=sharing_rounds,
                samples=samples,
                new_tokens=new_tokens,
                problems=tuple(problems),
                options=Options(strategy=strategy, budget=Budget(turns=40, tokens=max_tokens)),
                solve_rounds=solve_rounds,
            ),
        )
        report = asyncio.run(measure(resolve(model, pull=True), plan, lambda line: typer.echo(line, err=True)))
    except (SelfDebugError, OSError, ValueError, KeyError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error
    typer.echo(json.dumps(asdict(report), indent=2) if as_json else table(report))


Humaneval = Annotated[Path, typer.Option(help="HumanEval.jsonl or .jsonl.gz: its canonical solutions.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command()
def sandbox(
    humaneval: Annotated[Path | None, typer.Option(help="HumanEval.jsonl[.gz]: its canonical solutions.")] = None,
    programs: Annotated[Path | None, typer.Option(help="A folder of .jsonl files of programs with verdicts.")] = None,
    backends: Annotated[
        str, typer.Option(help="Of this project's sandbox; a runtime stands behind a colon, as in docker:runsc.")
    ] = "bubblewrap",
    peers: Annotated[str, typer.Option(help="Other harnesses. They run the programs UNPROTECTED.")] = ",".join(PEERS),
    workers: Annotated[str, typer.Option(help="Programs at once.")] = "1,2",
    rounds: Annotated[int, typer.Option(min=1, help="How often each contestant judges each workload.")] = 3,
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many programs, evenly from the workload.")] = None,
    sample: Annotated[int, typer.Option(min=1, help="Only so many for a peer that is very slow.")] = 200,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds a program may take, for everyone.")] = 3.0,
    timeouts: Annotated[bool, typer.Option(help="Keep programs that the reference stopped.")] = True,
    command: Annotated[bool, typer.Option(help="Measure the whole `selfdebug grade` command too.")] = True,
    image: Annotated[str, typer.Option(help="The container image of peers that need one.")] = IMAGE,
    as_json: AsJson = False,
) -> None:
    """Programs judged per second, by this project and by other harnesses, in alternating rounds."""
    from benchmarks.speed import workloads
    from benchmarks.speed.sandbox import Plan, measure, table

    unknown = [name for name in _names(peers) if name not in PEERS]
    if unknown or not (humaneval or programs):
        what = f"there is no peer {unknown[0]!r}; there are {', '.join(PEERS)}" if unknown else ""
        typer.echo(f"error: {what or 'give --humaneval, --programs or both'}", err=True)
        raise typer.Exit(2)
    try:
        chosen = [workloads.canonical(humaneval)] if humaneval else []
        chosen += [workloads.written(programs)] if programs else []
        kept = chosen if timeouts else [workload.without_timeouts() for workload in chosen]
        plan = Plan(
            workloads=tuple(workload.spread(limit) for workload in kept),
            backends=_names(backends),
            peers=_names(peers),
            workers=tuple(int(number) for number in _names(workers)),
            rounds=rounds,
            timeout_s=timeout,
            image=image,
            sample=sample,
            command=command,
        )
        report = asyncio.run(measure(plan, lambda line: typer.echo(line, err=True)))
    except (SelfDebugError, OSError, ValueError, KeyError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error
    typer.echo(json.dumps(asdict(report), indent=2) if as_json else table(report))


@app.command()
def sandbox_costs(
    humaneval: Humaneval,
    backend: Annotated[
        str, typer.Option(help="Of this project's sandbox; a runtime stands behind a colon, as in docker:runsc.")
    ] = "bubblewrap",
    rounds: Annotated[int, typer.Option(min=1, help="How often each step is timed.")] = 50,
    runs: Annotated[int, typer.Option(min=0, help="Programs of the long run.")] = 10_000,
    slice_runs: Annotated[int, typer.Option("--slice", min=1, help="Programs of one part of it.")] = 1_000,
    workers: Annotated[int, typer.Option(min=1, help="Programs at once in the long run.")] = 2,
    as_json: AsJson = False,
) -> None:
    """What each step of judging costs, whether speed falls over many runs, and what an idle box holds in memory."""
    from benchmarks.speed import workloads
    from benchmarks.speed.costs import Plan, measure, table

    try:
        plan = Plan(workloads.canonical(humaneval), backend, rounds, runs, slice_runs, workers)
        report = asyncio.run(measure(plan, lambda line: typer.echo(line, err=True)))
    except (SelfDebugError, OSError, ValueError, KeyError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error
    typer.echo(json.dumps(asdict(report), indent=2) if as_json else table(report))


@app.command()
def service(
    kinds: Annotated[
        str, typer.Option(help="celery: with Celery, Redis and PostgreSQL; embedded: with SQLite.")
    ] = "celery,embedded",
    jobs: Annotated[int, typer.Option(min=1, help="Jobs of one round of the throughput.")] = 200,
    rounds: Annotated[int, typer.Option(min=0, help="Rounds of the throughput; 0 leaves it out.")] = 3,
    in_flight: Annotated[str, typer.Option(help="Jobs in flight while latency is measured.")] = "1,10,100,1000",
    queued: Annotated[int, typer.Option(min=0, help="Jobs that wait while POSTs are timed.")] = 1000,
    posts: Annotated[int, typer.Option(min=0, help="POSTs that are timed.")] = 200,
    depths: Annotated[str, typer.Option(help="Jobs that wait while throughput is compared.")] = "100,10000",
    depth_rounds: Annotated[int, typer.Option(min=0, help="Rounds of that; 0 leaves it out.")] = 2,
    depth_seconds: Annotated[float, typer.Option(min=1, help="Seconds of one of its measurements.")] = 30.0,
    as_json: AsJson = False,
) -> None:
    """Jobs a second, latency, memory and work of the service, against the local driver and plain Celery.

    It starts and ends a Redis, a PostgreSQL, servers and workers of its own. A run of a minute:
    --jobs 20 --rounds 1 --in-flight 1,10 --queued 50 --posts 20 --depth-rounds 0
    """
    from benchmarks.speed.service import Plan, measure
    from benchmarks.speed.service_report import table
    from benchmarks.speed.service_stack import CELERY, EMBEDDED

    if unknown := set(_names(kinds)) - {CELERY, EMBEDDED}:
        typer.echo(f"error: --kinds: there is no {min(unknown)!r}; expected {CELERY}, {EMBEDDED} or both", err=True)
        raise typer.Exit(2)
    try:
        plan = Plan(
            kinds=_names(kinds),
            jobs=jobs,
            rounds=rounds,
            in_flight=tuple(int(number) for number in _names(in_flight)),
            queued=queued,
            posts=posts,
            depths=tuple(int(number) for number in _names(depths)),
            depth_rounds=depth_rounds,
            depth_s=depth_seconds,
        )
        report = asyncio.run(measure(plan, lambda line: typer.echo(line, err=True)))
    except (SelfDebugError, SandboxError, OSError, ValueError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error
    typer.echo(json.dumps(asdict(report), indent=2) if as_json else table(report))


def _names(text: str) -> tuple[str, ...]:
    """The parts of a list with commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def read_prompts(path: Path) -> tuple[str, ...]:
    """The prompts of a HumanEval file, in file order."""
    import gzip

    raw = path.read_bytes()
    text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode()
    return tuple(json.loads(line)["prompt"] for line in text.splitlines() if line.strip())


if __name__ == "__main__":
    app()
