"""Finished runs, read back from their folders."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from selfdebug.errors import InputError

_Model = TypeVar("_Model", bound=BaseModel)


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")  # a row holds more than is asked of it here


class TurnRow(_Read):
    """One turn of a task.

    Attributes:
        fault: What is wrong with its candidate by the visible tests; None where nothing is.
        hidden_passed: The hidden tests' word on it; None where there is none.
        solved: Whether the answer, had the solve ended with this turn, passes every test.
        tokens_so_far: Spent until the end of this turn.
    """

    number: int
    fault: str | None
    hidden_passed: bool | None
    solved: bool
    tokens_so_far: int


class Usage(_Read):
    """What a task has cost."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    requests: int = 0
    executions: int = 0
    seconds: float = 0.0

    @property
    def tokens(self) -> int:
        """Of prompts and completions together."""
        return self.prompt_tokens + self.completion_tokens


class Task(_Read):
    """One row of a run. A task with an `error` is not solved, whatever its turns say."""

    problem: str
    solved_first: bool
    solved: bool
    error: str
    reason: str | None = None
    turns: tuple[TurnRow, ...] = ()
    usage: Usage = Usage()

    def solved_after(self, turns: int) -> bool:
        """Whether its answer after so many turns passes every test."""
        return bool(turns and self.turns and not self.error) and self.turns[min(turns, len(self.turns)) - 1].solved

    def solved_within(self, tokens: int) -> bool:
        """Whether the answer that it had when so many tokens were spent passes every test."""
        return self.solved_after(sum(turn.tokens_so_far <= tokens for turn in self.turns))


class Asked(_Read):
    """What decided a run."""

    data_sha256: str
    problems: int
    visible: str
    options: dict[str, Any]
    prompts: dict[str, str]
    model: dict[str, Any]


class Manifest(_Read):
    """`run.json`."""

    asked: Asked
    made: dict[str, Any]
    resumed: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Run:
    """A finished run."""

    path: Path
    manifest: Manifest
    tasks: tuple[Task, ...]

    @property
    def name(self) -> str:
        """Its folder's name."""
        return self.path.resolve().name

    @property
    def strategy(self) -> str:
        """`linear`, `resample`, …"""
        return str(self.manifest.asked.options.get("strategy", "linear"))

    @property
    def feedback(self) -> str:
        """What the model was told, as on the command line."""
        return "+".join(self.manifest.asked.options.get("feedback", ()))

    @property
    def label(self) -> str:
        """What sets it apart, in a few words."""
        if self.strategy == "resample":
            return "resampling"
        return self.feedback if self.strategy == "linear" else f"{self.strategy}, {self.feedback}"

    @property
    def budget(self) -> dict[str, Any]:
        """The most that each problem might spend."""
        return dict(self.manifest.asked.options.get("budget", {}))

    @cached_property
    def by_problem(self) -> dict[str, Task]:
        """The tasks by their problem's id."""
        return {task.problem: task for task in self.tasks}

    @property
    def usage(self) -> Usage:
        """Of all tasks together, unsolved ones too."""
        fields = ("prompt_tokens", "completion_tokens", "requests", "executions", "seconds")
        return Usage(**{name: sum(getattr(task.usage, name) for task in self.tasks) for name in fields})


def load(path: Path) -> Run:
    """Read a run.

    Raises:
        InputError: The folder holds no run, or one that has not ended, or that another version wrote.
    """
    manifest = _read(path / "run.json", "give the folder that was named with `bench --out`")
    results = _read(path / "results.jsonl", "the run has not ended: the command that began it goes on with it")
    lines = [line for line in results.split("\n") if line.strip()]
    if not lines:
        raise InputError(str(path / "results.jsonl"), "", "holds no row")
    tasks = tuple(_parsed(Task, line, path / "results.jsonl", number) for number, line in enumerate(lines, 1))
    doubled = {task.problem for task in tasks}
    if len(doubled) < len(tasks):
        raise InputError(str(path / "results.jsonl"), "", "has several rows for one problem")
    return Run(path, _parsed(Manifest, manifest, path / "run.json"), tasks)


def _read(path: Path, advice: str) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InputError(str(path), "", f"can't be read: {reason}; {advice}") from None


def _parsed(model: type[_Model], text: str, path: Path, line: int = 0) -> _Model:
    place = f"line {line}" if line else ""
    try:
        return model.model_validate(json.loads(text))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        said = f"{where}: {first['msg']}; was it written by another version of selfdebug?"
        raise InputError(str(path), place, said) from None
    except ValueError as error:
        raise InputError(str(path), place, f"is not JSON: {error}") from None
