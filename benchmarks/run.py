"""A benchmark run: many problems solved at once, each with its own trajectory, resumable after any interruption.

A run is a folder: `run.json` (what was asked), `trajectories/` (what happened, one file a problem) and, once it has
ended, `results.jsonl` (one row a problem).
"""

import asyncio
import hashlib
import json
import os
import platform
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

from sandbox.errors import SandboxCrashed
from sandbox.protocol import Sandbox
from selfdebug.driver import Result, solve
from selfdebug.errors import GenerationError, InputError
from selfdebug.events import Action, Event
from selfdebug.generator import Generator
from selfdebug.options import Options
from selfdebug.problem import Problem
from selfdebug.report import summary
from selfdebug.state import State
from selfdebug.trajectory import TrajectoryFile, read


@dataclass(frozen=True)
class Row:
    """One problem of a run. `error` is why the infrastructure gave no result; then `result` is None."""

    problem: Problem
    result: Result | None
    error: str = ""

    @property
    def solved_first(self) -> bool:
        """Whether the first answer, before any feedback, passes all tests, the hidden ones too."""
        return self.result is not None and bool(self.result.state.turns) and _passes(self.result, 1)

    @property
    def solved(self) -> bool:
        """Whether the final answer does."""
        return self.result is not None and self.result.solved


def _passes(result: Result, number: int) -> bool:
    if result.state.problem.hidden:
        return result.passes_hidden(number)
    execution = result.state.turns[number - 1].execution
    return execution is not None and execution.passed


@dataclass(frozen=True)
class RunFolder:
    """Where a run keeps what it did."""

    path: Path

    def claim(self, asked: dict[str, object]) -> None:
        """Make the folder, or take up the run that is in it.

        Raises:
            InputError: It holds a run that was asked for differently.
        """
        manifest = self.path / "run.json"
        if manifest.exists():
            if json.loads(manifest.read_text())["asked"] != json.loads(json.dumps(asked)):
                advice = "holds a run with other settings; choose another folder, or repeat that run's settings"
                raise InputError("--out", str(self.path), advice)
            return
        (self.path / "trajectories").mkdir(parents=True, exist_ok=True)
        _write_whole(manifest, json.dumps({"asked": asked, **_circumstances()}, indent=2) + "\n")

    def trajectory(self, problem: Problem) -> Path:
        """The problem's file: its id, with everything but letters, digits and `_.-~` written as `%` codes."""
        return self.path / "trajectories" / f"{quote(problem.id, safe='', errors='surrogatepass')}.jsonl"

    def finish(self, rows: list[Row]) -> None:
        """Write the rows."""
        lines = [json.dumps(_row(row)) for row in rows]
        _write_whole(self.path / "results.jsonl", "".join(line + "\n" for line in lines))


def _row(row: Row) -> dict[str, object]:
    head = {"problem": row.problem.id, "solved_first": row.solved_first, "solved": row.solved, "error": row.error}
    return head | (summary(row.result) if row.result else {})


def _write_whole(path: Path, text: str) -> None:
    partial = path.with_name(path.name + ".part")
    partial.write_text(text)
    partial.replace(path)


def _circumstances() -> dict[str, object]:
    return {
        "command": sys.argv,
        "selfdebug": version("selfdebug"),
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} processors, {platform.system()} {platform.release()}",
    }


def asked(data: Path, problems: list[Problem], options: Options, visible: str) -> dict[str, object]:
    """What decides a run's results: written to `run.json`, and compared when a run is taken up again."""
    return {
        "data_sha256": hashlib.sha256(data.read_bytes()).hexdigest(),
        "problems": len(problems),
        "visible": visible,
        "options": asdict(options),
    }


async def run(
    problems: list[Problem],
    options: Options,
    *,
    generator: Generator,
    sandbox: Sandbox,
    folder: RunFolder | None = None,
    concurrency: int = 64,
    done: Callable[[Row], None] = lambda row: None,
) -> list[Row]:
    """Solve all problems, `concurrency` at a time; `done` is called as each ends. Rows come in the problems' order.

    A generator or sandbox that fails on one problem costs that problem's row (with `error`), not the run: running
    again goes on with it.

    Raises:
        ModelUnavailable, SandboxUnavailable: Nothing can be solved at all.
    """
    places = asyncio.Semaphore(concurrency)

    async def one(problem: Problem) -> Row:
        async with places:
            row = await _solve(problem, options, generator, sandbox, folder)
        done(row)
        return row

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(problem)) for problem in problems]
    except BaseExceptionGroup as failures:
        # One cause stops the whole run: the caller shall see that, not a group of its copies.
        raise failures.exceptions[0] from None
    rows = [task.result() for task in tasks]
    if folder:
        folder.finish(rows)
    return rows


async def _solve(
    problem: Problem, options: Options, generator: Generator, sandbox: Sandbox, folder: RunFolder | None
) -> Row:
    path = folder.trajectory(problem) if folder else None
    trajectory = TrajectoryFile(path) if path else None
    earlier = read(path) if path else ()

    def observe(event: Event, state: State, actions: tuple[Action, ...]) -> None:
        if trajectory:
            trajectory.write(event)

    try:
        result = await solve(
            problem,
            options,
            generator=generator,
            sandbox=sandbox,
            observe=observe,
            earlier=earlier,
            grade_first=True,
        )
    except (GenerationError, SandboxCrashed) as error:
        return Row(problem, None, str(error))
    finally:
        if trajectory:
            trajectory.close()
    return Row(problem, result)
