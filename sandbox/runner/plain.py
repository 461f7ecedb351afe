"""How each plain type is taken apart and built again. Nothing here knows of proxies, tests or candidates."""

import sys
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable
from typing import Any, NamedTuple

Parts = list[Any]


class Codec(NamedTuple):
    """One type.

    Attributes:
        tag: Its name on the wire.
        module, name: Where it lives.
        extract: Its parts, as values that can cross themselves. Of a changeable type the first is its fixed head.
        build: A value from its parts; of a changeable type an empty one from its head.
        refill: Replaces the whole content of a changeable value.
    """

    tag: str
    module: str
    name: str
    extract: Callable[[Any], Parts]
    build: Callable[[Parts], Any]
    refill: Callable[[Any, Parts], None] = lambda value, parts: None
    changeable: bool = False

    def type(self) -> Any:
        """The type itself, imported."""
        return getattr(__import__(self.module, fromlist=["_"]), self.name)


def _pairs(parts: Parts) -> Any:
    return zip(parts[::2], parts[1::2], strict=True)


def _flat(value: Any) -> Parts:
    return [part for pair in dict.items(value) for part in pair]


def _refill_list(value: Any, parts: Parts) -> None:
    value[:] = parts


def _refill_dict(value: Any, parts: Parts) -> None:
    value.clear()
    for key, item in _pairs(parts):
        dict.__setitem__(value, key, item)


def _ordered_set(parts: Parts) -> Any:
    """A set that is iterated over in the given order, where one of the ways to build it gives that.

    The order is no part of the value, but programs that rely on it exist, and should see what they would see without a
    boundary. It depends on how the table grew: by single members, or at once from another set.
    """
    grown = set(parts)
    if list(grown) == parts:
        return grown
    at_once = set(grown)
    return at_once if list(at_once) == parts else grown


def _refill_set(value: Any, parts: Parts) -> None:
    ordered = _ordered_set(parts)
    value.clear()
    value.update(ordered)
    if list(value) != parts:
        value.clear()
        for part in parts:
            value.add(part)


def _refill_bytes(value: Any, parts: Parts) -> None:
    value[:] = _unpack(parts[0])


def _refill_deque(value: Any, parts: Parts) -> None:
    value.clear()
    value.extend(parts)


def _refill_ordered(value: Any, parts: Parts) -> None:
    value.clear()
    for key, item in _pairs(parts):
        value[key] = item


def _refill_namespace(value: Any, parts: Parts) -> None:
    value.__dict__.clear()
    value.__dict__.update(_pairs(parts))


def _refill_array(value: Any, parts: Parts) -> None:
    del value[:]
    value.extend(parts)


def _pack(value: Any) -> str:
    return b2a_base64(value, newline=False).decode()


def _unpack(text: Any) -> bytes:
    return a2b_base64(text, strict_mode=True)


def _std(module: str, name: str) -> Callable[[Parts], Any]:
    def build(parts: Parts) -> Any:
        return getattr(__import__(module, fromlist=["_"]), name)(*parts)

    return build


def _moment(parts: Parts) -> Any:
    import datetime

    *fields, fold = parts
    return datetime.datetime(*fields, fold=fold)


def _clock(parts: Parts) -> Any:
    import datetime

    *fields, fold = parts
    return datetime.time(*fields, fold=fold)


def _fields(*names: str) -> Callable[[Any], Parts]:
    return lambda value: [getattr(value, name) for name in names]


def _timer(parts: Parts) -> Any:
    import datetime

    return datetime.timedelta(*parts)


_FIXED = (
    Codec("t", "builtins", "tuple", list, tuple),
    Codec("f", "builtins", "frozenset", list, lambda parts: frozenset(_ordered_set(parts))),
    Codec("b", "builtins", "bytes", lambda value: [_pack(value)], lambda parts: _unpack(*parts)),
    Codec("i", "builtins", "int", lambda value: [hex(value)], lambda parts: int(parts[0], 16)),
    Codec(
        "S",
        "builtins",
        "str",
        lambda value: [_pack(value.encode("utf-8", "surrogatepass"))],
        lambda parts: _unpack(*parts).decode("utf-8", "surrogatepass"),
    ),
    Codec("c", "builtins", "complex", _fields("real", "imag"), lambda parts: complex(*parts)),
    Codec("r", "builtins", "range", _fields("start", "stop", "step"), lambda parts: range(*parts)),
    Codec("sl", "builtins", "slice", _fields("start", "stop", "step"), lambda parts: slice(*parts)),
    Codec("E", "builtins", "ellipsis", lambda value: [], lambda parts: ...),
    Codec("N", "builtins", "NotImplementedType", lambda value: [], lambda parts: NotImplemented),
    Codec("vk", "builtins", "dict_keys", list, lambda parts: dict.fromkeys(parts).keys()),
    Codec("vv", "builtins", "dict_values", list, lambda parts: dict(enumerate(parts)).values()),
    Codec(
        "vi",
        "builtins",
        "dict_items",
        lambda value: [part for pair in value for part in pair],
        lambda parts: dict(_pairs(parts)).items(),
    ),
    Codec("D", "decimal", "Decimal", lambda value: [str(value)], _std("decimal", "Decimal")),
    Codec("F", "fractions", "Fraction", _fields("numerator", "denominator"), _std("fractions", "Fraction")),
    Codec("dd", "datetime", "date", _fields("year", "month", "day"), _std("datetime", "date")),
    Codec("dt", "datetime", "time", _fields("hour", "minute", "second", "microsecond", "tzinfo", "fold"), _clock),
    Codec(
        "dm",
        "datetime",
        "datetime",
        _fields("year", "month", "day", "hour", "minute", "second", "microsecond", "tzinfo", "fold"),
        _moment,
    ),
    Codec("di", "datetime", "timedelta", _fields("days", "seconds", "microseconds"), _timer),
    Codec("dz", "datetime", "timezone", lambda value: list(value.__getinitargs__()), _std("datetime", "timezone")),
    Codec("zi", "zoneinfo", "ZoneInfo", _fields("key"), _std("zoneinfo", "ZoneInfo")),
    Codec("u", "uuid", "UUID", lambda value: [value.hex], _std("uuid", "UUID")),
    Codec("p", "pathlib", "PosixPath", lambda value: [str(value)], _std("pathlib", "PosixPath")),
    Codec("pp", "pathlib", "PurePosixPath", lambda value: [str(value)], _std("pathlib", "PurePosixPath")),
)


def _changeable(
    tag: str,
    module: str,
    name: str,
    head: Callable[[Any], Any],
    parts: Callable[[Any], Parts],
    build: Callable[[Any], Any],
    refill: Callable[[Any, Parts], None],
) -> Codec:
    return Codec(
        tag,
        module,
        name,
        lambda value: [head(value), *parts(value)],
        lambda given: build(given[0]),
        refill,
        changeable=True,
    )


def _none(value: Any) -> None:
    return None


_CHANGEABLE = (
    _changeable("l", "builtins", "list", _none, list, lambda head: [], _refill_list),
    _changeable("d", "builtins", "dict", _none, _flat, lambda head: {}, _refill_dict),
    _changeable("s", "builtins", "set", _none, list, lambda head: set(), _refill_set),
    _changeable(
        "B", "builtins", "bytearray", _none, lambda value: [_pack(value)], lambda head: bytearray(), _refill_bytes
    ),
    _changeable(
        "q",
        "collections",
        "deque",
        lambda value: value.maxlen,
        list,
        lambda head: _std("collections", "deque")([(), head]),
        _refill_deque,
    ),
    _changeable(
        "C", "collections", "Counter", _none, _flat, lambda head: _std("collections", "Counter")([]), _refill_dict
    ),
    _changeable(
        "O",
        "collections",
        "OrderedDict",
        _none,
        lambda value: [part for pair in value.items() for part in pair],
        lambda head: _std("collections", "OrderedDict")([]),
        _refill_ordered,
    ),
    _changeable(
        "df",
        "collections",
        "defaultdict",
        lambda value: value.default_factory,
        _flat,
        lambda head: _std("collections", "defaultdict")([head]),
        _refill_dict,
    ),
    _changeable(
        "n",
        "types",
        "SimpleNamespace",
        _none,
        lambda value: _flat(value.__dict__),
        lambda head: _std("types", "SimpleNamespace")([]),
        _refill_namespace,
    ),
    _changeable(
        "A",
        "array",
        "array",
        lambda value: value.typecode,
        list,
        lambda head: _std("array", "array")([head]),
        _refill_array,
    ),
)

CODECS: dict[str, Codec] = {codec.tag: codec for codec in (*_FIXED, *_CHANGEABLE)}
_BY_NAME = {(codec.module, codec.name): codec for codec in CODECS.values()}
_BY_TYPE: dict[type, Codec] = {
    tuple: CODECS["t"],
    list: CODECS["l"],
    dict: CODECS["d"],
    set: CODECS["s"],
    frozenset: CODECS["f"],
    bytes: CODECS["b"],
    bytearray: CODECS["B"],
    int: CODECS["i"],
    str: CODECS["S"],
    complex: CODECS["c"],
    range: CODECS["r"],
    slice: CODECS["sl"],
    type(...): CODECS["E"],
    type(NotImplemented): CODECS["N"],
    type({}.keys()): CODECS["vk"],
    type({}.values()): CODECS["vv"],
    type({}.items()): CODECS["vi"],
}


def codec_of(value: Any) -> Codec | None:
    """The codec of exactly the value's type; a subclass that is not standard has none."""
    kind = type(value)
    codec = _BY_TYPE.get(kind)
    if codec is None:
        found = _BY_NAME.get((kind.__module__, kind.__qualname__))
        if found is not None and getattr(sys.modules.get(found.module), found.name, None) is kind:
            codec = _BY_TYPE[kind] = found
    return codec
