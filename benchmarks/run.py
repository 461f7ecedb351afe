"""A benchmark run: many problems solved at once, each with its own trajectory, resumable after any interruption.

A run is a folder: `run.json` (what was asked, of which model, where), `trajectories/` (what happened, one file a
problem) and, once it has ended, `results.jsonl` (one row a problem) and `samples.jsonl` (the answers, for others'
evaluators).
"""

import asyncio
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

from filelock import FileLock, Timeout

from benchmarks.samples import sample_row
from sandbox.errors import SandboxCrashed
from sandbox.protocol import Sandbox
from selfdebug.driver import Result, solve
from selfdebug.errors import GenerationError, InputError
from selfdebug.events import Event
from selfdebug.generator import Generator
from selfdebug.options import Options, Strategy
from selfdebug.problem import Problem
from selfdebug.report import summary
from selfdebug.state import State
from selfdebug.trajectory import TrajectoryFile, read


@dataclass(frozen=True)
class Row:
    """One problem of a run.

    Attributes:
        result: Where the solve is; unfinished where there is an `error`, None where nothing is known of it.
        error: Why the infrastructure gave no result; empty where it did.
    """

    problem: Problem
    result: Result | None
    error: str = ""

    @property
    def solved_first(self) -> bool:
        """Whether the first answer, before any feedback, passes all tests, the hidden ones too."""
        return self.result is not None and bool(self.result.state.turns) and self.result.passes(1)

    @property
    def solved(self) -> bool:
        """Whether the final answer does; that of a solve that could not be ended does not."""
        return not self.error and self.result is not None and self.result.solved

    @property
    def solvable(self) -> bool:
        """Whether any of its candidates passes all tests: a right choice would have solved it."""
        turns = self.result.state.turns if self.result and not self.error else ()
        return self.result is not None and any(self.result.passes(turn.number) for turn in turns)


@dataclass(frozen=True)
class RunFolder:
    """Where a run keeps what it did."""

    path: Path

    @contextmanager
    def claim(self, asked: Mapping[str, object], made: Mapping[str, object] | None = None) -> Iterator[None]:
        """Make the folder, or take up the run that is in it; no other process can while the `with` block lasts.

        Args:
            asked: What decides the results: a run is only taken up by who asks the same.
            made: The circumstances; of a run that is taken up, those that differ are added.

        Raises:
            InputError: It holds a run that was asked for differently, or another process works in it.
        """
        manifest = self.path / "run.json"
        try:
            (self.path / "trajectories").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError("--out", str(self.path), f"is no folder to write in: {error.strerror}") from None
        try:
            with FileLock(self.path / "run.lock", timeout=0):
                _write_whole(manifest, _manifest(manifest, asked, made or {}))
                yield
        except Timeout:
            raise InputError("--out", str(self.path), "another process is working on this run") from None

    def trajectory(self, problem: Problem) -> Path:
        """The problem's file: its id, with everything but letters, digits and `_.-~` written as `%` codes."""
        return self.path / "trajectories" / trajectory_name(problem.id)

    def finish(self, rows: list[Row]) -> None:
        """Write the rows, and the answers as samples."""
        samples = [sample_row(row.problem, _answer(row)) for row in rows]
        _write_whole(self.path / "samples.jsonl", "".join(json.dumps(sample) + "\n" for sample in samples))
        _write_whole(self.path / "results.jsonl", "".join(json.dumps(_row(row)) + "\n" for row in rows))


def trajectory_name(problem: str) -> str:
    """The name of a problem's trajectory file."""
    return f"{quote(problem, safe='', errors='surrogatepass')}.jsonl"


def _manifest(path: Path, asked: Mapping[str, object], made: Mapping[str, object]) -> str:
    """The text of `run.json`, the run that it holds already included."""
    asked, made = json.loads(json.dumps(asked)), json.loads(json.dumps(made))
    held = _held(path)
    if held is None:
        return json.dumps({"asked": asked, "made": made, "resumed": []}, indent=2) + "\n"
    before = asdict(Options(strategy=Strategy.LINEAR))  # what a run had before there was the option
    defaults = {"options": json.loads(json.dumps(before))}
    differing = _differing(_filled(held.get("asked", {}), defaults), _filled(asked, defaults))
    if differing:
        advice = "choose another folder, or repeat that run's settings"
        raise InputError("--out", str(path.parent), f"holds a run with other settings ({differing}); {advice}")
    changed = {name: value for name, value in made.items() if held.get("made", {}).get(name) != value}
    resumed = [*held.get("resumed", []), changed]
    return json.dumps({**held, "resumed": resumed}, indent=2) + "\n"


def _held(path: Path) -> dict[str, dict[str, object]] | None:
    try:
        held = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InputError(str(path), "", f"is not a run's manifest: {error}; choose another folder") from None
    if not isinstance(held, dict):
        raise InputError(str(path), "", "is not a run's manifest; choose another folder")
    return held


def _filled(held: object, defaults: object) -> object:
    """What is held, and the defaults of what it lacks, as deep as both are objects."""
    if not isinstance(held, dict) or not isinstance(defaults, dict):
        return held
    return {**defaults, **{key: _filled(value, defaults.get(key)) for key, value in held.items()}}


def _differing(held: object, asked: object, name: str = "") -> str:
    """The names of what differs, as deep as both are objects."""
    if held == asked:
        return ""
    if not isinstance(held, dict) or not isinstance(asked, dict):
        return name or "everything"
    keys = [key for key in {**held, **asked} if held.get(key) != asked.get(key)]
    return ", ".join(_differing(held.get(key), asked.get(key), f"{name}.{key}" if name else key) for key in keys)


def _row(row: Row) -> dict[str, object]:
    head = {"problem": row.problem.id, "solved_first": row.solved_first, "solved": row.solved, "error": row.error}
    return {**(summary(row.result) if row.result else {}), **head}


def _answer(row: Row) -> str:
    best = row.result.state.best if row.result and not row.error else None
    return best.candidate.program if best else ""


def _write_whole(path: Path, text: str) -> None:
    """Write a file that appears whole or not at all, whatever ends the process or the machine."""
    partial = path.with_name(path.name + ".part")
    with partial.open("w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


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
    if folder is None:
        return await _go_on(problem, options, generator, sandbox, [], lambda event: None)
    with TrajectoryFile(folder.trajectory(problem)) as trajectory:
        try:
            earlier = read(trajectory.path)
        except InputError as error:
            return Row(problem, None, f"{error}; remove that file to solve it afresh")
        return await _go_on(problem, options, generator, sandbox, [*earlier], trajectory.write)


async def _go_on(
    problem: Problem,
    options: Options,
    generator: Generator,
    sandbox: Sandbox,
    seen: list[Event],
    keep: Callable[[Event], None],
) -> Row:
    def observe(event: Event, state: State) -> None:
        keep(event)
        seen.append(event)

    earlier = tuple(seen)
    try:
        result = await solve(
            problem, options, generator=generator, sandbox=sandbox, observe=observe, earlier=earlier, grade="all"
        )
    except (GenerationError, SandboxCrashed) as error:
        return Row(problem, Result.of(seen) if seen else None, str(error))
    return Row(problem, result)
