"""A bank of draws: for each problem what a model wrote, what became of it, and what it cost."""

import hashlib
import json
import lzma
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from sandbox.types import Execution
from selfdebug.errors import InputError
from selfdebug.options import Feedback, Phrasing
from selfdebug.problem import Problem

_FORMAT = 1


@dataclass(frozen=True)
class Program:
    """A program that was drawn at least once.

    Attributes:
        execution: What the visible tests showed, as far as strategies look at it; None where it was not run.
        probed: What it does in other calls; None where nobody could have needed to know.
        right: It passes every test, the hidden ones too.
    """

    text: str
    execution: Execution | None = None
    probed: Execution | None = None
    right: bool = False


@dataclass(frozen=True)
class Draw:
    """One reply.

    Attributes:
        program: Its program's place in `Recorded.programs`; -1 where the reply held none.
        parent: Likewise of the program that it repairs; -1 where it was written afresh.
        greedy: Drawn at temperature 0.
        prompt_tokens: Of the whole request, which other draws may have shared.
        completion_tokens: Its own part of the request's, by its share of the characters.
    """

    reply: str
    program: int
    parent: int = -1
    feedback: tuple[Feedback, ...] = ()
    phrasing: Phrasing = Phrasing.PLAIN
    greedy: bool = False
    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True)
class Recorded:
    """All draws for one problem.

    Attributes:
        digest: What `digest` says of the problem.
    """

    problem: str
    digest: str
    programs: tuple[Program, ...]
    draws: tuple[Draw, ...]


@dataclass(frozen=True)
class Bank:
    """What one model drew for the problems of one data set.

    Attributes:
        made: Of what: `data_sha256`, `visible`, `model`, `options`, `prompts` of the run, as its manifest has them.
    """

    made: dict[str, Any] = field(default_factory=dict)
    problems: tuple[Recorded, ...] = ()


_RECORDED = TypeAdapter(Recorded)


def digest(problem: Problem) -> str:
    """What tells a problem from another of the same id: the SHA-256 of all that a solve sees of it."""
    seen = {"statement": problem.statement, "visible": asdict(problem.visible) if problem.visible else None}
    return hashlib.sha256(json.dumps(seen, sort_keys=True).encode("ascii")).hexdigest()


def save(bank: Bank, path: Path) -> None:
    """Write a bank: a line of JSON for its head, then one a problem, compressed by xz."""
    lines = [json.dumps({"format": _FORMAT, **bank.made})]
    lines += [json.dumps(_RECORDED.dump_python(each, mode="json", exclude_defaults=True)) for each in bank.problems]
    path.write_bytes(lzma.compress("".join(f"{line}\n" for line in lines).encode("ascii"), preset=9))


def load(path: Path) -> Bank:
    """Read a bank.

    Raises:
        InputError: The file cannot be read, or is no bank.
    """
    try:
        head, *rows = lzma.decompress(path.read_bytes()).decode("ascii").splitlines()
        made = json.loads(head)
        if not isinstance(made, dict) or made.pop("format", None) != _FORMAT:
            raise ValueError(f"its first line does not say format {_FORMAT}")
        return Bank(made, tuple(_RECORDED.validate_python(json.loads(row)) for row in rows))
    except OSError as error:
        raise InputError(str(path), "", f"cannot be read: {error.strerror}; expected a bank of draws") from None
    except (lzma.LZMAError, ValueError) as error:
        said = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
        raise InputError(str(path), "", f"is no bank of draws: {said}; `record` makes one") from None


def matched(bank: Bank, problems: Sequence[Problem], where: str) -> list[tuple[Problem, Recorded]]:
    """Each problem that the bank knows, in their order, with what was drawn for it.

    Those without a visible test are left out: what becomes of them hangs on what the model says of its programs.

    Args:
        where: What to call the bank in a message.

    Raises:
        InputError: It knows none of them, or one of them otherwise.
    """
    recorded = {each.problem: each for each in bank.problems}
    found = [(problem, recorded[problem.id]) for problem in problems if problem.id in recorded and problem.visible]
    if not found:
        raise InputError(where, "", "holds no draw for any of these problems; was it recorded on other data?")
    for problem, each in found:
        if each.digest != digest(problem):
            said = "was recorded for another text or other visible tests; give the same --data and --visible"
            raise InputError(where, problem.id, said)
    return found
