"""Shows any value in few characters and bounded time, running no code of the candidate: its classes may lie or hang.

What is built in is shown as source text, cut visibly; everything else by its type and what its own dictionary holds.
So types are known by their address and looked into by the methods of `type` alone: a metaclass is the candidate's, too.
"""

import array
import collections
import contextlib
import datetime
import decimal
import fractions
import itertools
import re
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

ROOM = 160  # characters, about
_DEPTH = 5
_LEAST = 8  # the room of a part that has hardly any
_MOST_ATTRIBUTES = 24
_MOST_BITS = 256
_NAME = 40
_MADE = 1 << 9  # a class that is made at run time

_mro: Callable[[type], tuple[type, ...]] = type.__dict__["__mro__"].__get__
_members: Callable[[type], Any] = type.__dict__["__dict__"].__get__
_bare_name: Callable[[type], str] = type.__dict__["__name__"].__get__
_flags: Callable[[type], int] = type.__dict__["__flags__"].__get__
_arguments: Callable[[BaseException], tuple[Any, ...]] = vars(BaseException)["args"].__get__

Show = Callable[[Any, int], str]


def brief(value: Any, room: int = ROOM) -> str:
    """A value as text, of about so many characters."""
    return _cut(_Shown().of(value, room, 0), 2 * room)


def name_of(kind: type) -> str:
    """The bare name of a class, whatever its metaclass says."""
    return str.__add__("", _bare_name(kind))[:_NAME]


def module_of(kind: type) -> str:
    """The module that a class says it is from."""
    said = _members(kind).get("__module__")
    return said if type(said) is str else ""


def is_class(value: Any) -> bool:
    """Whether a value is a class, whatever its metaclass says."""
    return any(each is type for each in _mro(type(value)))


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[:room]}…"


def _integer(value: int, room: int) -> str:
    bits = int.bit_length(value)
    return int.__repr__(value) if bits <= _MOST_BITS else f"<int of {bits} bits>"


def _text(kind: Any, ellipsis: str, unit: str) -> Show:
    """How a string type is shown: its beginning and its end."""

    def show(value: Any, room: int) -> str:
        size = kind.__len__(value)
        if size <= room:
            return _cut(kind.__repr__(value), 2 * room)
        head, tail = (kind.__getitem__(value, part) for part in (slice(room * 3 // 4), slice(size - room // 4, size)))
        return f"{_cut(kind.__repr__(head), 2 * room)}{ellipsis}{_cut(kind.__repr__(tail), room)} ({size} {unit})"

    return show


def _named(word: str, kind: Any) -> Show:
    name = vars(kind)["__name__"].__get__
    return lambda value, room: f"<{word} {str.__add__('', name(value))[:_NAME]}>"


_SCALARS: dict[int, Show] = {
    id(int): _integer,
    id(bool): lambda value, room: bool.__repr__(value),
    id(float): lambda value, room: float.__repr__(value),
    id(complex): lambda value, room: complex.__repr__(value),
    id(type(None)): lambda value, room: "None",
    id(type(...)): lambda value, room: "...",
    id(type(NotImplemented)): lambda value, room: "NotImplemented",
    id(str): _text(str, " … ", "characters"),
    id(bytes): _text(bytes, " … ", "bytes"),
    id(bytearray): _text(bytearray, " … ", "bytes"),
    id(types.FunctionType): _named("function", types.FunctionType),
    id(types.BuiltinFunctionType): _named("function", types.BuiltinFunctionType),
    id(types.GeneratorType): _named("generator", types.GeneratorType),
    id(types.CoroutineType): _named("coroutine", types.CoroutineType),
    id(types.AsyncGeneratorType): _named("async generator", types.AsyncGeneratorType),
    id(type): lambda value, room: f"<class {name_of(value)}>",
    # Their own text is short, and made of nothing but themselves; not of what is derived from them.
    id(datetime.date): lambda value, room: datetime.date.__repr__(value),
    id(datetime.timedelta): lambda value, room: datetime.timedelta.__repr__(value),
    id(re.Match): lambda value, room: _cut(re.Match.__repr__(value), room),
    id(decimal.Decimal): lambda value, room: _cut(decimal.Decimal.__repr__(value), room),
}
_FIELDS: dict[int, tuple[str, ...]] = {  # shown as a call with these
    id(range): ("start", "stop", "step"),
    id(slice): ("start", "stop", "step"),
    id(fractions.Fraction): ("_numerator", "_denominator"),
    id(re.Pattern): ("pattern",),
    id(datetime.datetime): ("year", "month", "day", "hour", "minute", "second"),
    id(datetime.time): ("hour", "minute", "second"),
}
_LINES: tuple[Any, ...] = (list, tuple, collections.deque, array.array)
_SEQUENCES = {id(kind): kind for kind in _LINES}
_GROUPS: tuple[Any, ...] = (set, frozenset, type({}.keys()), type({}.values()), type({}.items()))
_SETS = {id(kind): kind for kind in _GROUPS}
_PAIRS: tuple[Any, ...] = (dict, collections.OrderedDict)
_MAPPINGS = {id(kind): kind for kind in _PAIRS}
_FINAL = {id(datetime.date), id(datetime.timedelta), id(decimal.Decimal)}
_BASES = {*_SCALARS, *_SEQUENCES, *_SETS, *_MAPPINGS, id(BaseException)} - _FINAL
_BRACES = {id(list): "[]", id(tuple): "()", id(set): "{}", id(dict): "{}"}  # shown without their name


class _Shown:
    """One value that is being shown, and all that is open around the part at hand."""

    def __init__(self) -> None:
        self._open: list[Any] = []

    def of(self, value: Any, room: int, depth: int) -> str:
        """A part as text."""
        kind = type(value)
        scalar = _SCALARS.get(id(kind))
        if scalar is not None:
            return scalar(value, room)
        if depth >= _DEPTH or any(each is value for each in self._open):
            return "…"
        self._open.append(value)
        text = self._compound(value, kind, room, depth + 1)
        self._open.pop()
        return text

    def _compound(self, value: Any, kind: Any, room: int, depth: int) -> str:
        def part(each: Any, left: int) -> str:
            return self.of(each, left, depth)

        if id(kind) in _FIELDS:
            fields = [getattr(value, name) for name in _FIELDS[id(kind)]]
            del fields[2 if kind is range and fields[2] == 1 else len(fields) :]
            return f"{name_of(kind)}({_joined(iter(fields), len(fields), part, room)})"
        base = next((each for each in _mro(kind) if id(each) in _BASES), None)
        if base is None:
            return _Object(value, kind).show(part, room)
        if base is type:
            return f"<class {name_of(value)}>"
        if id(base) in _SCALARS:
            return f"{name_of(kind)}({_SCALARS[id(base)](value, room)})"
        if base is BaseException:
            arguments = _arguments(value)
            return f"{name_of(kind)}({_joined(iter(arguments), len(arguments), part, room)})"
        inner = _content(value, base, part, room)
        if base is tuple:
            lone = "," if inner and tuple.__len__(value) == 1 and kind is tuple else ""
            return f"{'' if kind is tuple else name_of(kind)}({inner}{lone})"
        braces = _BRACES.get(id(base)) or ("{}" if base in (frozenset, collections.OrderedDict) else "[]")
        named = kind is not base or id(base) not in _BRACES or (base is set and not inner)
        text = f"{braces[0]}{inner}{braces[1]}" if inner or base is not set else ""
        return f"{name_of(kind)}({text})" if named else text


def _content(value: Any, base: Any, part: Show, room: int) -> str:
    """What a container holds."""
    size = base.__len__(value)
    if id(base) in _MAPPINGS:

        def pair(each: Any, left: int) -> str:
            key = part(each[0], left // 2)
            return f"{key}: {part(each[1], max(left - len(key), _LEAST))}"

        return _joined(iter(base.items(value)), size, pair, room)
    last = (base.__getitem__(value, size - 1),) if size and id(base) in _SEQUENCES else ()
    return _joined(base.__iter__(value), size, part, room, last)


def _joined(items: Iterator[Any], size: int, show: Show, room: int, last: tuple[Any, ...] = ()) -> str:
    """Items with commas between them: all, or as many as there is room for, and the last one."""
    parts: list[str] = []
    used = 0
    for item in items:
        text = show(item, max(room - used, _LEAST))
        if parts and used + len(text) > room:
            break
        parts.append(text)
        used += len(text) + 2
    if len(parts) >= size:
        return ", ".join(parts)
    end = [show(item, max(room // 4, _LEAST)) for item in last] if len(parts) < size else []
    dropped = size - len(parts) - len(end)
    gap = [f"… {dropped} more" + (" …" if end else "")] if dropped > 0 else []
    return ", ".join([*parts, *gap, *end])


class _Object:
    """An instance of a class that is not built in."""

    def __init__(self, value: Any, kind: type) -> None:
        self._name = name_of(kind)
        own = module_of(kind).partition(".")[0] not in sys.stdlib_module_names
        self._pairs = list(itertools.islice(_attributes(value, kind), _MOST_ATTRIBUTES)) if own else []

    def show(self, part: Show, room: int) -> str:
        """As a call of its class that names its attributes; a member of an enumeration by its name."""
        if not self._pairs:
            return f"<{self._name} object>"
        held = dict(self._pairs)
        if "_value_" in held and type(held.get("_name_")) is str:
            return f"{self._name}.{held['_name_'][:_NAME]}"

        def pair(each: tuple[str, Any], left: int) -> str:
            name = each[0][:_NAME]
            return f"{name}={part(each[1], max(left - len(name), _LEAST))}"

        return f"{self._name}({_joined(iter(self._pairs), len(self._pairs), pair, room)})"


def _attributes(value: Any, kind: type) -> Iterator[tuple[str, Any]]:
    """Slots and dictionary of an instance, without asking it or its class."""
    for base in _mro(kind):
        if not _flags(base) & _MADE:
            continue
        members = _members(base)
        for name, member in itertools.islice(members.items(), 4 * _MOST_ATTRIBUTES):
            if type(member) is types.MemberDescriptorType and type(name) is str and name[:2] != "__":
                with contextlib.suppress(AttributeError, TypeError, ValueError):
                    yield name, member.__get__(value)
        own = members.get("__dict__")
        if type(own) is types.GetSetDescriptorType:
            yield from ((name, item) for name, item in dict.items(own.__get__(value)) if type(name) is str)
