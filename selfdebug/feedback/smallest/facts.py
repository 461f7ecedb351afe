"""What holds of a call's arguments and is likely meant, so that smaller ones of the same sort are told from others."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

Values = tuple[Any, ...]
_SEQUENCES = (list, tuple, str, bytes)
SIZED = (*_SEQUENCES, dict, set, frozenset)
_BRACKETS = {")": "(", "]": "[", "}": "{"}


def is_number(value: Any) -> bool:
    """Whether it is a number, and no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_matrix(value: Any) -> bool:
    """Whether it is a list of lists of one length, or of strings of one length."""
    if not isinstance(value, list) or not value or not all(isinstance(row, list | str) for row in value):
        return False
    return len({len(row) for row in value}) == 1 and len(value[0]) > 0


def facts(values: Values) -> frozenset[Any]:
    """What must hold of smaller arguments if it does of these."""
    found: set[Any] = set()
    for index, value in enumerate(values):
        found |= {(index, fact) for fact in _within(value)}
    for (i, one), (j, other) in itertools.permutations(enumerate(values), 2):
        if is_number(one) and is_number(other):
            found.add((i, j, (one > other) - (one < other)))
        if isinstance(other, SIZED):
            found |= {(i, j, fact) for fact in _beside(one, other)}
    return frozenset(found)


def _beside(one: Any, other: Any) -> Iterator[str]:
    """How an argument relates to a collection beside it."""
    if is_number(one):
        yield from (name for name, holds in (("length", one == len(other)), ("index", 0 <= one < len(other))) if holds)
        yield from ["within"] if one <= len(other) else []
    if isinstance(one, SIZED) and len(one) == len(other):
        yield "as long"
    if not isinstance(one, SIZED) or isinstance(one, str):
        yield "in" if _holds(other, one) else "not in"


def _holds(collection: Any, value: Any) -> bool:
    try:
        return value in collection
    except TypeError:
        return False


def _within(value: Any) -> Iterator[Any]:
    """What holds within one argument."""
    yield type(value)
    if is_number(value):
        yield "negative" if value < 0 else "not negative"
    if isinstance(value, str):
        known = {"balanced": _balanced(value), "digits": value.isdigit(), "trimmed": value.strip() == value}
        yield from (name for name, holds in known.items() if holds)
    if isinstance(value, list | tuple):
        yield from _among(value)


def _among(parts: Sequence[Any]) -> Iterator[Any]:
    """What holds of the parts of a list together; what is true of an empty one is true of any."""
    kinds = {type(part) for part in parts}
    yield from (("no", kind) for kind in (int, float, str, list, tuple, dict, type(None), bool) if kind not in kinds)
    if len({len(part) for part in parts if isinstance(part, _SEQUENCES)}) <= 1:
        yield "rows"
    for width in (len(part) for part in parts[:1] if isinstance(part, tuple)):
        yield "width", width
    if is_matrix(parts) and len(parts) == len(parts[0]):
        yield "square"
    numbers = [part for part in parts if is_number(part)]
    yield from (name for name, bad in (("no negative", -1), ("no positive", 1)) if bad not in map(_sign, numbers))
    try:
        pairs = list(itertools.pairwise(parts))
        known = {"rising": all(a <= b for a, b in pairs), "falling": all(a >= b for a, b in pairs)}
        yield from (name for name, holds in known.items() if holds)
        if len(set(parts)) == len(parts):
            yield "different"
    except TypeError:  # no order, no hash
        return


def _sign(value: int | float) -> int:
    return (value > 0) - (value < 0)


def _balanced(text: str) -> bool:
    opened: list[str] = []
    for character in text:
        if character in "([{":
            opened.append(character)
        elif character in _BRACKETS and (not opened or opened.pop() != _BRACKETS[character]):
            return False
    return not opened
