"""`selfdebug run`: one program against all known tests of a problem, without a model.

Its box is on its way when it begins (`selfdebug.cli.ahead`): what it needs is imported meanwhile.
"""

import json
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from sandbox.protocol import Sandbox
from sandbox.types import Execution, Limits
from selfdebug.cli import choices
from selfdebug.cli.ahead import Begun, beginning
from selfdebug.cli.sandboxes import open_named
from selfdebug.errors import InputError
from selfdebug.problem import Problem


def run(
    ctx: typer.Context,
    problem: Annotated[str, typer.Argument(help="A problem file, a .jsonl[.gz] of problems, or - for standard input.")],
    candidate: Annotated[str, typer.Argument(help="The program to run: a Python file, or - for standard input.")],
    task_id: Annotated[str | None, typer.Option(help="Which problem of a file with several.")] = None,
    timeout: choices.Timeout = 10.0,
    memory: choices.Memory = 512,
    sandbox: choices.SandboxChoice = "bubblewrap",
    runtime: choices.Runtime = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Run CANDIDATE against all known tests of PROBLEM, and show which failed and why.

    Exit status 0 if all passed, 1 if not.
    """
    if problem == candidate == "-":
        raise InputError("standard input", "", "can't be both the problem and the candidate")
    loaded = _load(problem, task_id)
    program = _read(candidate)
    show = _json if as_json else _terminal()
    begun: Begun = ctx.obj or ctx.with_resource(beginning(open_named(sandbox, runtime)))
    box, loop = begun
    execution = loop.run(_execute(loaded, program, box, choices.limits(timeout, memory)))
    show(loaded.id, execution)
    raise typer.Exit(0 if execution.passed else 1)


def _load(problem: str, task_id: str | None) -> Problem:
    from selfdebug.formats import load_problem

    loaded = load_problem(problem, task_id=task_id, visible="all")
    if loaded.visible is None and not loaded.hidden:
        raise InputError(problem, "", f"{loaded.id} has no tests to run the candidate against")
    return loaded


async def _execute(problem: Problem, program: str, box: Sandbox, limits: Limits) -> Execution:
    from benchmarks.grading import judge

    with _waiting():
        async with box.job() as executor:
            return await judge(problem, program, executor=executor, limits=limits)


def _waiting() -> AbstractContextManager[object]:
    from rich.console import Console

    console = Console(stderr=True)
    return console.status("the sandbox runs the tests …") if console.is_terminal else nullcontext()


def _json(name: str, execution: Execution) -> None:
    head = {"problem": name, "passed": execution.passed, "tests_passed": execution.tests_passed}
    typer.echo(json.dumps(head | asdict(execution)))


def _terminal() -> Callable[[str, Execution], None]:
    from rich.console import Console

    from selfdebug.cli.verdict import show

    return partial(show, Console())


def _read(candidate: str) -> str:
    """Read a program.

    Raises:
        InputError: There is none, or it is not UTF-8.
    """
    source = "standard input" if candidate == "-" else candidate
    try:
        data = sys.stdin.buffer.read() if candidate == "-" else Path(candidate).read_bytes()
    except FileNotFoundError:
        raise InputError(source, "", "no such file; give the path of a Python file, or -") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(source.replace("\0", "\\0"), "", f"can't be read: {reason}") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(source, f"byte {error.start}", "is not UTF-8; save the file as UTF-8") from None
