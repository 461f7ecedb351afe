"""The two workloads of the sandbox benchmark: programs, the tests of their problems, and a reference's verdicts."""

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

REPEATS = 5  # how often each canonical solution is judged

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Program:
    """A whole program for a problem, and what a reference said of it: `passed`, `failed` or `timeout`."""

    problem: str
    text: str
    verdict: str


@dataclass(frozen=True)
class Workload:
    """What every contestant judges.

    Attributes:
        problems: HumanEval-style rows (`prompt`, `test` that defines `check`, `entry_point`) by the problem's id.
    """

    name: str
    problems: Mapping[str, Row]
    programs: tuple[Program, ...]

    def spread(self, limit: int | None) -> "Workload":
        """At most `limit` of the programs, evenly from all of them."""
        count = len(self.programs)
        if limit is None or limit >= count:
            return self
        return replace(self, programs=tuple(self.programs[index * count // limit] for index in range(limit)))

    def without_timeouts(self) -> "Workload":
        """Those that the reference did not stop: the others measure nothing but the time limit."""
        return replace(self, programs=tuple(each for each in self.programs if each.verdict != "timeout"))

    def agreeing(self, verdicts: tuple[bool, ...]) -> list[bool]:
        """For each program, whether a contestant's verdict is the reference's.

        Raises:
            ValueError: There is not one verdict for each program.
        """
        pairs = zip(self.programs, verdicts, strict=True)
        return [passed == (program.verdict == "passed") for program, passed in pairs]

    def write(self, folder: Path) -> "Files":
        """Write it as the files that `selfdebug grade` reads. Only problems that have programs are written."""
        files = Files(folder / "problems.jsonl", folder / "samples.jsonl")
        used = dict.fromkeys(program.problem for program in self.programs)
        files.problems.write_text("".join(json.dumps(self.problems[name]) + "\n" for name in used))
        rows = ({"task_id": program.problem, "solution": program.text} for program in self.programs)
        files.samples.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return files


@dataclass(frozen=True)
class Files:
    """A workload on disk."""

    problems: Path
    samples: Path


def canonical(path: Path) -> Workload:
    """HumanEval's canonical solutions, each `REPEATS` times; all of them pass.

    Raises:
        OSError, ValueError, KeyError: The file is no HumanEval file.
    """
    problems = {row["task_id"]: row for row in _rows(path)}
    once = [Program(name, row["prompt"] + row["canonical_solution"], "passed") for name, row in problems.items()]
    return Workload("canonical", problems, tuple(program for program in once for _ in range(REPEATS)))


def written(folder: Path) -> Workload:
    """The programs that language models wrote: every `.jsonl` file of `folder`, one problem and program a line.

    Raises:
        OSError, ValueError, KeyError: A file is not of this kind, or there is none.
    """
    problems: dict[str, Row] = {}
    programs = []
    for path in sorted(folder.glob("*.jsonl")):
        for row in _rows(path):
            name = f"{path.stem}/{row['task_id']}"  # several models answered the same problems
            kept = {key: value for key, value in row.items() if key not in ("solution", "reference_verdict")}
            problems[name] = {**kept, "task_id": name}
            programs.append(Program(name, row["solution"], row["reference_verdict"]))
    if not programs:
        raise ValueError(f"{folder} holds no .jsonl file of programs")
    return Workload("written by models", problems, tuple(programs))


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode()
    for line in text.splitlines():
        if line.strip():
            yield json.loads(line)
