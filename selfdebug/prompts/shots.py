"""Worked examples for few-shot prompts: one JSON file a language, each example a failed turn and its repair.

They are kept as a solve's own records, so that they are told in the very words of a real solve, whatever its feedback.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

from selfdebug.problem import Problem
from selfdebug.state import Turn

_FOLDER = Path(__file__).parent / "shots"


@dataclass(frozen=True)
class Shot:
    """One example.

    Attributes:
        turn: Its candidate with what was observed and said of it, for every kind of feedback.
        repaired: The right program; empty where the candidate is right already, and is judged so.
    """

    problem: Problem
    turn: Turn
    repaired: str = ""


@cache
def shots(language: str, *, judged: bool) -> tuple[Shot, ...]:
    """The examples in a language; those without tests, in which the model judges its program, or the others."""
    every = TypeAdapter(tuple[Shot, ...]).validate_json(_file(language).read_bytes())
    return tuple(shot for shot in every if (shot.problem.visible is None) == judged)


@cache
def shots_hash(language: str) -> str:
    """The first 12 hex digits of the SHA-256 of the examples."""
    return hashlib.sha256(_file(language).read_bytes()).hexdigest()[:12]


def _file(language: str) -> Path:
    return _FOLDER / f"{language}.json"
