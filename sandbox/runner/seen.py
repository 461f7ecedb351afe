"""Notices that a value has changed, also where that is not in the part of it that is shown."""

from typing import Any, NamedTuple

from .brief import brief

_MOST = 4096  # parts of a container that are looked at
_ROOM = 40  # characters of the part that has changed


class Seen(NamedTuple):
    """A value at one moment.

    Attributes:
        text: What is shown of it.
        marks: Where that is not all: what its parts are, by their addresses; empty otherwise.
    """

    text: str
    marks: tuple[int, ...] = ()


def look(value: Any) -> Seen:
    """A value as it is now."""
    text = brief(value)
    parts = _parts(value) if "…" in text else []
    return Seen(text, tuple(map(_mark, parts)))


def change(value: Any, before: Seen, now: Seen) -> str:
    """What is shown of a value that has changed: if nothing else tells, the first part that has."""
    if before.text != now.text or len(before.marks) != len(now.marks):
        return now.text
    pairs = zip(before.marks, now.marks, strict=True)
    index = next((index for index, (one, other) in enumerate(pairs) if one != other), 0)
    key = index if type(value) is list else next(key for at, key in enumerate(dict.keys(value)) if at == index)
    return f"{now.text} with [{brief(key, _ROOM)}] = {brief(_parts(value)[index], _ROOM)}"


def _parts(value: Any) -> list[Any]:
    if type(value) is list:
        return value if len(value) <= _MOST else []
    return list(dict.values(value)) if type(value) is dict and len(value) <= _MOST else []


def _mark(part: Any) -> int:
    return hash(tuple(map(id, part))) if type(part) is list and len(part) <= _MOST else id(part)
