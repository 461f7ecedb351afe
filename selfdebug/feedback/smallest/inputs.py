"""Smaller arguments of a call: what to try in the place of the given ones, and what must stay as it is.

An input that is smaller but of another sort (a ragged matrix, an index behind the end, an empty list where none is
ever given) may fail for good reason. So whatever holds between and within the arguments and is likely meant is kept:
lengths that agree, a number that is a length or an index, order, distinctness, shape, sign.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from selfdebug.feedback.smallest.facts import SIZED, Values, facts, is_matrix, is_number

_CUTS = (2, 4, 8, 16)  # of a sequence, in the first rounds of delta debugging; then element by element
_MAX_SINGLES = 64
_SHORT = 2  # no collection gets shorter unless another call passes one that is: of fewer, much is not defined


@dataclass(frozen=True)
class Domain:
    """What other visible calls show to be a good input.

    Attributes:
        least: The length of the shortest collection that is passed, by position.
        zero: The positions where a zero is passed, by itself or in a collection.
    """

    least: tuple[tuple[int, int], ...] = ()
    zero: frozenset[int] = frozenset()


def domain(calls: Sequence[Values]) -> Domain:
    """What the arguments of these calls allow."""
    least: dict[int, int] = {}
    for index, value in (place for values in calls for place in enumerate(values)):
        if isinstance(value, SIZED):
            least[index] = min(len(value), least.get(index, len(value)))
    places = [(index, leaf) for values in calls for index, value in enumerate(values) for leaf in _leaves(value)]
    return Domain(tuple(least.items()), frozenset(index for index, leaf in places if is_number(leaf) and leaf == 0))


def size(values: Values) -> tuple[int, str]:
    """What is smaller is shorter to show; between equals the order is fixed."""
    text = repr(values)
    return len(text), text


def smaller(values: Values, allowed: Domain) -> Iterator[Values]:
    """Smaller arguments of the same sort, each once, the boldest cuts first.

    As delta debugging does for sequences (Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input",
    TSE 2002: subsets, then complements, ever finer), then for what is in them.
    """
    kept = facts(values)
    seen = {repr(values)}
    least = size(values)
    tried = itertools.chain(_cut(values), _levelled(values), _simplified(values))
    for mended in itertools.chain.from_iterable(_mended(values, other) for other in tried):
        text = repr(mended)
        if text in seen or size(mended) >= least:
            continue
        seen.add(text)
        if _allowed(values, mended, allowed) and kept <= facts(mended):
            yield mended


def _cut(values: Values) -> Iterator[Values]:
    """Parts of the collections: those of equal length are cut alike."""
    lengths = dict.fromkeys(len(value) for value in values if isinstance(value, SIZED))
    groups = [[i for i, v in enumerate(values) if isinstance(v, SIZED) and len(v) == length] for length in lengths]
    for group in groups:
        length = len(values[group[0]])
        for keep in subsets(length):
            yield tuple(_only(value, keep) if index in group else value for index, value in enumerate(values))
    for index, value in enumerate(values):
        if isinstance(value, list) and is_matrix(value):
            for keep in subsets(len(value[0])):
                narrow = [_only(row, keep) for row in value]
                yield (*values[:index], narrow, *values[index + 1 :])
            for keep in subsets(len(value)) if len(value) == len(value[0]) else ():
                square = [_only(row, keep) for row in _only(value, keep)]
                yield (*values[:index], square, *values[index + 1 :])


def subsets(length: int) -> Iterator[list[int]]:
    """Which elements to keep: a part, or all but a part, by halves, quarters and so on, then all but one."""
    whole = range(length)
    yield []
    for parts in _CUTS:
        if parts >= length:
            break
        bounds = [length * n // parts for n in range(parts + 1)]
        pieces = [range(a, b) for a, b in itertools.pairwise(bounds)]
        yield from (list(piece) for piece in pieces)
        if parts > 2:
            yield from ([n for n in whole if n not in piece] for piece in pieces)
    step = max(1, length // _MAX_SINGLES)
    for start in range(0, length, step):
        yield [n for n in whole if not start <= n < start + step]


def _only(value: Any, keep: Sequence[int]) -> Any:
    if isinstance(value, dict):
        items = list(value.items())
        return {items[n][0]: items[n][1] for n in keep}
    if isinstance(value, set | frozenset):
        items = sorted(value, key=repr)
        return type(value)(items[n] for n in keep)
    if isinstance(value, str):
        return "".join(value[n] for n in keep)
    return type(value)(value[n] for n in keep)


def _levelled(values: Values) -> Iterator[Values]:
    """Many numbers at once made smaller: all of them as near to nothing as their order allows, parts of them alike."""
    collections = [index for index, value in enumerate(values) if isinstance(value, list | tuple)]
    for chosen in ([*range(len(values))], collections, *([index] for index in collections)):
        ranks = _ranks([leaf for index in chosen for leaf in _leaves(values[index]) if type(leaf) is int])
        yield tuple(_mapped(value, ranks) if index in chosen else value for index, value in enumerate(values))
    for index in collections:
        value = values[index]
        for keep in subsets(len(value)):
            kept = set(keep)
            for plain in (0, 1):
                level = [part if n in kept else _mapped(part, {}, plain) for n, part in enumerate(value)]
                yield (*values[:index], type(value)(level), *values[index + 1 :])


def _ranks(numbers: Sequence[int]) -> dict[int, int]:
    """The smallest numbers in the same order and with the same signs."""
    found = sorted(set(numbers))
    below, above = [n for n in found if n < 0], [n for n in found if n > 0]
    return {n: -rank for rank, n in enumerate(reversed(below), 1)} | {n: rank for rank, n in enumerate(above, 1)}


def _mapped(value: Any, numbers: dict[int, int], otherwise: int | None = None) -> Any:
    """The value with its integers replaced."""
    if type(value) is int:
        return numbers.get(value, value if otherwise is None else otherwise)
    if isinstance(value, list | tuple):
        return type(value)(_mapped(part, numbers, otherwise) for part in value)
    return value


def _simplified(value: Any) -> Iterator[Any]:
    """The same with one part simpler: a number nearer to nothing, a letter that is like another, an inner list."""
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, int | float):
        yield from _numbers(value)
    elif isinstance(value, str):
        plain = "".join("a" if c.islower() else "A" if c.isupper() else "1" if c.isdigit() else c for c in value)
        yield plain
        yield from (value[:n] + plain[n] + value[n + 1 :] for n in range(min(len(value), _MAX_SINGLES)))
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value[: 2 * _MAX_SINGLES]):
            inner = itertools.chain(_parts(part), _simplified(part))
            yield from (type(value)((*value[:index], other, *value[index + 1 :])) for other in inner)
    elif isinstance(value, dict):
        for key, part in value.items():
            inner = itertools.chain(_parts(part), _simplified(part))
            yield from ({**value, key: other} for other in inner)


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, SIZED):
        yield from (_only(value, keep) for keep in subsets(len(value)))


def _numbers(value: int | float) -> Iterator[int | float]:
    if value != value or value in (float("inf"), float("-inf")):
        return
    sign = -1 if value < 0 else 1
    yield 0 * value
    for small in (1, 2, 3, 5, 10, 100):
        yield type(value)(sign * small)
    if isinstance(value, float):
        yield float(int(value))
        yield round(value, 1)
    else:
        yield from (sign * (abs(value) // part) for part in (10**9, 10**6, 1000, 10, 2))
        yield value - sign


def _mended(before: Values, after: Values) -> Iterator[Values]:
    """The new values, and the same with the numbers that may count or index what was cut brought nearer to nothing.

    A number as large as the collection becomes its new length; one that is less goes as far as the end has come, or in
    proportion.
    """
    yield after
    cuts = [(len(old), len(new)) for old, new in zip(before, after, strict=True) if isinstance(old, SIZED)]
    cuts += [(len(old[0]), len(new[0])) for old, new in zip(before, after, strict=True) if is_matrix(old) and new]
    for old, new in dict.fromkeys(cuts):
        places = [n for n, value in enumerate(before) if type(value) is int and 0 < value <= old and after[n] == value]
        if new < old and places:
            for moved in ({n: before[n] - old + new for n in places}, {n: -(-before[n] * new // old) for n in places}):
                yield tuple(moved.get(n, value) for n, value in enumerate(after))


def _allowed(before: Values, after: Values, allowed: Domain) -> bool:
    """Whether nothing is too short, newly empty or newly zero."""
    least = dict(allowed.least)
    for index, (old, new) in enumerate(zip(before, after, strict=True)):
        if isinstance(new, SIZED) and len(new) < min(len(old), least.get(index, _SHORT), _SHORT):
            return False
        zeros = [sum(is_number(leaf) and leaf == 0 for leaf in _leaves(value)) for value in (old, new)]
        if _empties(new) > _empties(old) or (zeros[1] > zeros[0] == 0 and index not in allowed.zero):
            return False
    return True


def _empties(value: Any) -> int:
    """How many empty collections stand within a collection."""
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list | tuple):
        return 0
    return sum(isinstance(part, SIZED) and not part for part in value) + sum(map(_empties, value))


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple | set | frozenset):
        for part in value:
            yield from _leaves(part)
    elif isinstance(value, dict):
        yield from _leaves([*value.keys(), *value.values()])
    else:
        yield value
