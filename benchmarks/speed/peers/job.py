"""What a peer is given, and what it gives back. Plain data, because it crosses to another process as JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path


class NotMeasured(Exception):
    """A contestant can't be measured here; the message says why."""


@dataclass(frozen=True)
class PeerTest:
    """A problem's test: source that defines `check(candidate)`, and the function that it is called with."""

    source: str
    entry_point: str


@dataclass(frozen=True)
class PeerJob:
    """Programs to judge.

    Attributes:
        programs: Pairs of a problem's id and a whole program.
        timeout_s: The time limit of a program.
        image: The container image, for a peer that needs one.
    """

    tests: Mapping[str, PeerTest]
    programs: tuple[tuple[str, str], ...]
    workers: int
    timeout_s: float
    image: str

    def scripts(self) -> list[str]:
        """Each program joined with its tests: exit status 0 means that they passed."""
        joined = []
        for problem, text in self.programs:
            test = self.tests[problem]
            joined.append(f"{text}\n{test.source}\ncheck({test.entry_point})\n")
        return joined

    def write(self, path: Path) -> None:
        """Write it to a file."""
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, path: Path) -> "PeerJob":
        """Read what `write` wrote."""
        row = json.loads(path.read_text())
        row["tests"] = {name: PeerTest(**test) for name, test in row["tests"].items()}
        row["programs"] = tuple((problem, text) for problem, text in row["programs"])
        return cls(**row)


@dataclass(frozen=True)
class Judged:
    """What a contestant did: the seconds from its first program to its last verdict, and whether each passed."""

    seconds: float
    passed: tuple[bool, ...]


def peer_test(source: str, entry_point: str) -> PeerTest:
    """The test without a call of its `check`, which MBPP's files make themselves and a harness would repeat."""
    return PeerTest(source.rstrip().removesuffix(f"\ncheck({entry_point})"), entry_point)
