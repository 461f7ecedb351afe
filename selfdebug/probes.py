"""Inputs that tell candidates apart: calls like those of the visible tests, with nothing said of their results.

They show what a candidate does, never whether that is right. Made by changing the arguments of the visible tests at
random; kept are those of which everything holds that holds of all of those (sorted, not negative, a length that
another argument states), for a program may do anything with an input that the problem rules out. Where that gives few,
the model may have written others.
"""

import ast
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from sandbox.types import AssertSuite
from selfdebug import syntax
from selfdebug.feedback.smallest.facts import Values, facts
from selfdebug.feedback.smallest.tests import arguments

MOST = 16  # calls of one suite
_TRIES = 60  # for each
_LONGEST = 400  # characters of a call
_LETTERS = "abcxyz ABC019.,-()"

Chance = random.Random


@cache
def probes(suite: AssertSuite, entry_point: str, written: str = "", most: int = MOST) -> AssertSuite | None:
    """A suite of calls of the entry point that differ from the visible tests'. The same tests give the same calls.

    No test of it passes: that it shows the result is all that it is for. None where nobody calls the entry point with
    plain arguments.

    Args:
        written: What the model wrote when it was asked for calls.
    """
    known = [values for values in _known(suite.asserts, entry_point) if values]
    others = [values for values in _known(_lines(written), entry_point) if values not in known]
    calls = [
        *(_varied(known, "\n".join((entry_point, *suite.asserts)), most) if known else ()),
        *map(_arguments, others),
    ]
    found = [f"assert {entry_point}({call}) == ..." for call in dict.fromkeys(calls) if len(call) <= _LONGEST][:most]
    return replace(suite, asserts=tuple(found)) if found else None


def _varied(known: Sequence[Values], seed: str, most: int) -> Iterator[str]:
    """Arguments like the known ones, but different."""
    chance = random.Random(seed)
    common = frozenset.intersection(*map(facts, known))
    seen, count = {_arguments(values) for values in known}, 0
    for _ in range(_TRIES * most):
        values = _changed(chance.choice(known), chance)
        text = _arguments(values)
        if text in seen or len(text) > _LONGEST or not common <= facts(values):
            continue
        seen.add(text)
        yield text
        count += 1
        if count == most:
            return


def _lines(reply: str) -> list[str]:
    """The lines of a reply that may be calls."""
    return [line.strip() for line in reply.splitlines() if "(" in line]


def _arguments(values: Values) -> str:
    return ", ".join(map(_source, values))


def _source(value: Any) -> str:
    """As `repr`, but the same in every process: sets are sorted."""
    if isinstance(value, list | tuple):
        parts = ", ".join(map(_source, value))
        return f"[{parts}]" if isinstance(value, list) else f"({parts}{',' * (len(value) == 1)})"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_source(key)}: {_source(part)}' for key, part in value.items())}}}"
    if isinstance(value, set | frozenset):
        parts = f"{{{', '.join(sorted(map(_source, value)))}}}" if value else "set()"
        return parts if isinstance(value, set) else f"frozenset({parts})"
    return repr(value)


def _known(sources: Sequence[str], entry_point: str) -> Iterator[Values]:
    """The arguments of these lines' calls; those by keyword are left aside."""
    for source in sources:
        tree = syntax.try_parse(source)
        for node in ast.walk(tree) if tree is not None else ():
            named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == entry_point
            if named and isinstance(node, ast.Call) and not node.keywords:
                values = arguments(node)
                if values is not None:
                    yield values


def _changed(values: Values, chance: Chance) -> Values:
    """One to three changes, in any of the arguments."""
    changed = list(values)
    for _ in range(chance.randint(1, 3)):
        index = chance.randrange(len(changed))
        changed[index] = _other(changed[index], chance)
    return tuple(changed)


def _other(value: Any, chance: Chance) -> Any:
    """Another value of the same type; what is of an unknown type stays as it is."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return chance.choice(
            [value + chance.randint(-3, 3), value * 2, value // 2, -value, 0, 1, chance.randint(0, 30)]
        )
    if isinstance(value, float):
        return chance.choice([value + chance.randint(-3, 3), value * 2, value / 2, -value, 0.0, round(value, 1)])
    if isinstance(value, str):
        return _text(value, chance)
    if isinstance(value, list | tuple):
        return type(value)(_sequence(list(value), chance))
    if isinstance(value, set | frozenset):
        return type(value)(_sequence(sorted(value, key=repr), chance))
    if isinstance(value, dict):
        return _dict(dict(value), chance)
    return value


def _text(text: str, chance: Chance) -> str:
    letters = sorted(set(text)) if text and chance.random() < 0.7 else list(_LETTERS)
    at = chance.randint(0, len(text))
    ways: list[Callable[[], str]] = [
        lambda: text[:at] + text[at + 1 :],
        lambda: text[:at] + chance.choice(letters) + text[at:],
        lambda: text[:at] + chance.choice(letters) + text[at + 1 :],
        lambda: text[:at] + text[:at],
        lambda: text[::-1],
        text.swapcase,
        lambda: text[:at],
        lambda: "",
    ]
    return chance.choice(ways)()


def _sequence(parts: list[Any], chance: Chance) -> list[Any]:
    if not parts:
        return parts
    at = chance.randrange(len(parts))
    ways: list[Callable[[], list[Any]]] = [
        lambda: parts[:at] + parts[at + 1 :],
        lambda: parts[: at + 1] + parts[at:],
        lambda: [*parts[:at], _other(parts[at], chance), *parts[at + 1 :]],
        lambda: [*parts[:at], _other(parts[at], chance), *parts[at:]],
        lambda: chance.sample(parts, len(parts)),
        lambda: parts[::-1],
        lambda: parts[:at],
        list,
    ]
    return chance.choice(ways)()


def _dict(entries: dict[Any, Any], chance: Chance) -> dict[Any, Any]:
    if not entries:
        return entries
    key = chance.choice(sorted(entries, key=repr))
    value = entries.pop(key)
    way = chance.randrange(3)
    if way == 0:
        return entries
    return {**entries, key: _other(value, chance)} if way == 1 else {**entries, _other(key, chance): value}
