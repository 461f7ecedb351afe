"""`selfdebug submit`, `status`, `watch` and `cancel`: the service's client."""

import json
import os
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from selfdebug.cli import choices
from selfdebug.cli.settings import not_installed
from selfdebug.cli.solve import Visible, print_program
from selfdebug.options import Options, Strategy

if TYPE_CHECKING:
    from selfdebug.service.client import Client, RemoteBest, RemoteJob
    from selfdebug.state import State

_URL = "http://127.0.0.1:8000"

Url = Annotated[str, typer.Option(envvar="SELFDEBUG_URL", help="The service's address.")]
JobId = Annotated[str, typer.Argument(help="The job's id, as submit prints it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the job as one JSON object on standard output.")]


def submit(
    problem: Annotated[str, typer.Argument(help="A problem file, a .jsonl[.gz] of problems, or - for standard input.")],
    task_id: Annotated[str | None, typer.Option(help="Which problem of a file with several.")] = None,
    visible: Annotated[
        Visible, typer.Option(help="all: every test; examples: those of the statement, the rest only grade the answer.")
    ] = Visible.ALL,
    model: Annotated[
        str | None, typer.Option(help="One that the service offers; without it, the service's own.")
    ] = None,
    feedback: choices.FeedbackChoice = "unit-test",
    few_shot: choices.FewShot = False,
    strategy: choices.StrategyChoice = Strategy.ADAPTIVE,
    samples: choices.Samples = 1,
    max_turns: choices.MaxTurns = 10,
    max_tokens: choices.MaxTokens = None,
    max_seconds: choices.MaxSeconds = None,
    max_executions: choices.MaxExecutions = None,
    temperature: choices.Temperature = 0.0,
    top_p: choices.TopP = 0.95,
    seed: choices.Seed = 0,
    max_new_tokens: choices.MaxNewTokens = 512,
    timeout: choices.Timeout = 10.0,
    memory: choices.Memory = 512,
    webhook: Annotated[str, typer.Option(help="Where the service tells of the job's end.", metavar="URL")] = "",
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for the end, and print the program, as solve does.")
    ] = False,
    watching: Annotated[bool, typer.Option("--watch", help="As --wait, and show each turn on standard error.")] = False,
    as_json: AsJson = False,
    url: Url = _URL,
) -> None:
    """Let a service solve PROBLEM. Prints the job's id, which status, watch and cancel take.

    An API key is taken from SELFDEBUG_API_KEY.
    """
    asked = choices.options(
        model=model or "",
        feedback=feedback,
        max_turns=max_turns,
        max_tokens=max_tokens,
        max_seconds=max_seconds,
        max_executions=max_executions,
        temperature=temperature,
        top_p=top_p,
        seed=seed,
        max_new_tokens=max_new_tokens,
        timeout=timeout,
        memory=memory,
        strategy=strategy,
        samples=samples,
        few_shot=few_shot,
    )
    fields = _problem(problem, task_id, visible)
    with _client(url) as client:
        job = client.submit(fields, _options(asked, visible), webhook=webhook)
        if wait or watching:
            typer.echo(f"selfdebug: job {job.id}", err=True)
            _end(_followed(client, job.id, watching), as_json, shown=watching)
    typer.echo(_json(job) if as_json else job.id)


def status(job: JobId, as_json: AsJson = False, url: Url = _URL) -> None:
    """Say how far a job is. Ends with 0 while it goes on; then as solve does."""
    with _client(url) as client:
        found = client.job(job)
    typer.echo(_json(found) if as_json else _told(found))
    raise typer.Exit(_exit_status(found) if found.status.terminal else 0)


def watch(job: JobId, as_json: AsJson = False, url: Url = _URL) -> None:
    """Show a job from its first turn on, live to its end, and print its program.

    A lost connection is taken up again where it was.
    """
    with _client(url) as client:
        _end(_followed(client, job, shown=True), as_json, shown=True)


def cancel(job: JobId, as_json: AsJson = False, url: Url = _URL) -> None:
    """Cancel a job at once, whatever it is at. One that has ended stays as it is."""
    with _client(url) as client:
        found = client.cancel(job)
    typer.echo(_json(found) if as_json else f"{found.id}  {found.status}")


def _client(url: str) -> "Client":
    try:
        from selfdebug.service.client import Client
    except ImportError as error:
        raise not_installed(error) from error
    return Client(url, os.environ.get("SELFDEBUG_API_KEY", "").strip())


def _problem(path: str, task_id: str | None, visible: Visible) -> dict[str, Any]:
    """The problem's row, checked here first: messages then name the file and the line."""
    from selfdebug.formats.convert import row_id, to_problem
    from selfdebug.formats.load import load_row

    row = load_row(path, task_id=task_id)
    to_problem(row, visible.value)
    return row.fields if row.fields.keys() & {"id", "task_id"} else {"id": row_id(row), **row.fields}


def _options(asked: Options, visible: Visible) -> dict[str, Any]:
    """The options as the service takes them; what the command line leaves open, the service decides."""
    budget, sampling, limits = asked.budget, asked.sampling, asked.limits
    model = {"model": asked.model} if asked.model else {}
    return model | {
        "feedback": "+".join(asked.feedback),
        "strategy": asked.strategy.value,
        "samples": asked.samples,
        "few_shot": asked.few_shot,
        "budget": {name: value for name, value in asdict(budget).items() if value is not None},
        "sampling": {
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "seed": sampling.seed,
            "max_new_tokens": sampling.max_new_tokens,
        },
        "limits": {"wall_s": limits.wall_s, "cpu_s": limits.cpu_s, "memory_bytes": limits.memory_bytes},
        "visible": visible.value,
    }


def _followed(client: "Client", job: str, shown: bool) -> "RemoteJob":
    """The job at its end."""
    try:
        return _shown(client, job) if shown else client.wait(job)
    except KeyboardInterrupt:
        typer.echo(f"selfdebug: the job goes on; see it with `selfdebug watch {job}`", err=True)
        raise


def _shown(client: "Client", job: str) -> "RemoteJob":
    from selfdebug.cli.view import View
    from selfdebug.events import Submitted
    from selfdebug.loop import begin, step
    from selfdebug.service.client import RemoteJob

    view = View(Console(stderr=True))
    state: State | None = None
    try:
        for event in client.watch(job):
            if isinstance(event, RemoteJob):
                return event
            if isinstance(event, Submitted):
                state, _ = begin(event)
            elif state is not None:
                state, _ = step(state, event)
            if state is not None:
                view(event, state)
    finally:
        view.close()
    raise AssertionError("a watched job ends with the job")


def _end(job: "RemoteJob", as_json: bool, *, shown: bool) -> None:
    """Print what came of a job, and end the command."""
    program = job.best.program if job.best else None
    if as_json:
        typer.echo(_json(job))
    elif program is not None:
        print_program(program)
    if job.status != "solved" and not as_json:
        typer.echo(f"selfdebug: {job.status}: {_why_not(job)}", err=True)
    raise typer.Exit(_exit_status(job))


def _exit_status(job: "RemoteJob") -> int:
    """As `solve` ends: 0 solved, 1 not solved, 3 where the service could not work on it."""
    return {"solved": 0, "failed": 3}.get(job.status, 1)


def _why_not(job: "RemoteJob") -> str:
    return job.reason or (_tests(job.best) if job.best else "the model wrote no program")


def _tests(best: "RemoteBest") -> str:
    if not best.tests_total:
        return f"turn {best.turn} is the best"
    return f"{best.tests_passed} of {best.tests_total} visible tests pass in turn {best.turn}"


def _told(job: "RemoteJob") -> str:
    lines = [
        f"{job.id}  {job.status}  {job.problem}",
        f"  {job.model}",
        f"  turns: {job.turns}, executions: {job.executions}, tokens: {job.prompt_tokens + job.completion_tokens:,}",
    ]
    if job.reason or job.best:
        lines.append(f"  {_why_not(job)}")
    times = (("submitted", job.created_at), ("started", job.started_at), ("ended", job.finished_at))
    lines.append("  " + ", ".join(f"{what} {at:%Y-%m-%d %H:%M:%S}" for what, at in times if at) + " UTC")
    return "\n".join(lines)


def _json(job: "RemoteJob") -> str:
    return json.dumps(asdict(job), default=datetime.isoformat)
