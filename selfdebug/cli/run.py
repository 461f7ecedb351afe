"""`selfdebug run`: one program against all known tests of a problem, without a model."""

import asyncio
import json
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from sandbox.types import Execution, Limits
from selfdebug.cli import choices
from selfdebug.cli.sandboxes import open_named
from selfdebug.errors import InputError
from selfdebug.problem import Problem


def run(
    problem: Annotated[str, typer.Argument(help="A problem file, a .jsonl[.gz] of problems, or - for standard input.")],
    candidate: Annotated[str, typer.Argument(help="The program to run: a Python file, or - for standard input.")],
    task_id: Annotated[str | None, typer.Option(help="Which problem of a file with several.")] = None,
    timeout: choices.Timeout = 10.0,
    memory: choices.Memory = 512,
    sandbox: choices.SandboxChoice = "bubblewrap",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Run CANDIDATE against all known tests of PROBLEM, and show which failed and why.

    Exit status 0 if all passed, 1 if not.
    """
    from selfdebug.formats import load_problem

    if problem == candidate == "-":
        raise InputError("standard input", "", "can't be both the problem and the candidate")
    loaded = load_problem(problem, task_id=task_id, visible="all")
    if loaded.visible is None and not loaded.hidden:
        raise InputError(problem, "", f"{loaded.id} has no tests to run the candidate against")
    program = _read(candidate)
    limits = choices.limits(timeout, memory)
    execution = asyncio.run(_execute(loaded, program, sandbox, limits))
    if as_json:
        typer.echo(json.dumps(_facts(loaded, execution)))
    else:
        from selfdebug.cli.verdict import show

        show(Console(), loaded.id, execution)
    raise typer.Exit(0 if execution.passed else 1)


async def _execute(problem: Problem, program: str, sandbox: str, limits: Limits) -> Execution:
    from benchmarks.grading import judge

    box = open_named(sandbox)
    try:
        with _waiting():
            return await judge(problem, program, sandbox=box, limits=limits)
    finally:
        await box.close()


def _waiting() -> AbstractContextManager[object]:
    console = Console(stderr=True)
    return console.status("the sandbox runs the tests …") if console.is_terminal else nullcontext()


def _facts(problem: Problem, execution: Execution) -> dict[str, object]:
    head = {"problem": problem.id, "passed": execution.passed, "tests_passed": execution.tests_passed}
    return head | asdict(execution)


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
