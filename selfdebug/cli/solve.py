"""`selfdebug solve`, `replay` and `schema`."""

import asyncio
import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.syntax import Syntax

from sandbox.protocol import Sandbox
from selfdebug.cli import choices
from selfdebug.cli.sandboxes import open_named
from selfdebug.cli.view import View
from selfdebug.driver import Observer, Result
from selfdebug.driver import solve as drive
from selfdebug.errors import InputError
from selfdebug.events import Event
from selfdebug.models import DEFAULT_MODEL
from selfdebug.options import Options, Strategy
from selfdebug.problem import Problem
from selfdebug.report import summary
from selfdebug.state import State
from selfdebug.trajectory import TrajectoryFile, read, states


class Visible(StrEnum):
    """Which tests the model may see."""

    ALL = "all"
    EXAMPLES = "examples"


def solve(
    problem: Annotated[str, typer.Argument(help="A problem file, a .jsonl[.gz] of problems, or - for standard input.")],
    task_id: Annotated[str | None, typer.Option(help="Which problem of a file with several.")] = None,
    visible: Annotated[
        Visible, typer.Option(help="all: every test; examples: those of the statement, the rest only grade the answer.")
    ] = Visible.ALL,
    model: choices.Model = DEFAULT_MODEL,
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
    sandbox: choices.SandboxChoice = "bubblewrap",
    runtime: choices.Runtime = None,
    out: choices.Out = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
    view: Annotated[
        bool | None,
        typer.Option("--view/--no-view", help="Show each turn on standard error; by default on a terminal."),
    ] = None,
) -> None:
    """Let the model write a program for PROBLEM and repair it until its tests pass.

    The program goes to standard output; what happens on the way is shown on standard error if that is a terminal.
    """
    from selfdebug.formats import load_problem

    asked = choices.options(
        model=model,
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
    loaded = load_problem(problem, task_id=task_id, visible=visible.value)
    console = Console(stderr=True)
    shown = console.is_terminal if view is None else view
    folder = _folder(out, loaded) if out else None
    box = open_named(sandbox, runtime)
    result = asyncio.run(_solve(loaded, asked, box, folder, console if shown else None))
    if folder and result.state.best:
        (folder / "solution.py").write_bytes(_bytes(result.state.best.candidate.program))
    _print(result, as_json)
    if not result.solved and not shown and not as_json:
        typer.echo(f"selfdebug: not solved: {_why_not(result)}", err=True)
    raise typer.Exit(0 if result.solved else 1)


def replay(
    trajectory: Annotated[Path, typer.Argument(help="A trajectory.jsonl that a solve has kept.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Show a finished solve again, as it was."""
    events = read(trajectory)
    if not events:
        raise InputError(str(trajectory), "", "holds no event; expected a trajectory that a solve has kept")
    result = Result.of(events)
    if as_json:
        _print(result, as_json)
        return
    view = View(Console())
    for event, state in zip(events, states(events), strict=True):
        view(event, state)
    _print(result, as_json)


def schema() -> None:
    """Print the JSON Schema of a problem file."""
    from selfdebug.formats import problem_schema

    typer.echo(json.dumps(problem_schema(), indent=2))


async def _solve(
    problem: Problem, options: Options, box: Sandbox, folder: Path | None, console: Console | None
) -> Result:

    generator = choices.open_model(options.model)
    trajectory = TrajectoryFile(folder / "trajectory.jsonl") if folder else None
    view = View(console) if console else None
    try:
        return await drive(problem, options, generator=generator, sandbox=box, observe=_observer(trajectory, view))
    finally:
        if view:
            view.close()
        if trajectory:
            trajectory.close()
        await generator.close()
        await box.close()


def _observer(trajectory: TrajectoryFile | None, view: View | None) -> Observer:
    def observe(event: Event, state: State) -> None:
        if trajectory:
            trajectory.write(event)
        if view:
            view(event, state)

    return observe


def _folder(out: Path, problem: Problem) -> Path:
    if (out / "trajectory.jsonl").exists():
        raise InputError("--out", str(out), "holds a trajectory already; choose another folder, or remove it")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("--out", str(out), f"cannot be made: {error.strerror}; choose another folder") from None
    return out


def _print(result: Result, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(summary(result)))
    elif result.state.best:
        print_program(result.state.best.candidate.program)


def print_program(program: str) -> None:
    """Print a program on standard output, in colour if that is a terminal."""
    console = Console()
    if console.is_terminal:
        console.print(Syntax(program, "python", theme="ansi_dark", background_color="default"))
    else:
        typer.echo(_bytes(program), nl=not program.endswith("\n"))


def _bytes(program: str) -> bytes:
    return program.encode("utf-8", "surrogatepass")


def _why_not(result: Result) -> str:
    state = result.state
    if state.best is None:
        return "the model wrote no program"
    execution = state.best.execution
    tests = f"{execution.tests_passed} of {len(execution.tests)} visible tests pass" if execution else "it was not run"
    hidden = " but not every hidden one" if execution and execution.passed and state.problem.hidden else ""
    return f"{tests}{hidden}; budget: {state.outcome.reason.value if state.outcome else 'open'}"
