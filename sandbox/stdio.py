"""Compares what a whole program printed with what it should have. Pure, and done on the host alone.

Bytes are compared, so that what is not UTF-8 is told apart too, and white space is ASCII's, as judges have it. The time
is linear in both lengths whatever they hold, because the candidate chooses one of the texts.
"""

import decimal
import io
import itertools
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Literal

Compare = Literal["exact", "lines", "tokens", "float"]

_TOKEN = re.compile(rb"\S+")
_NUMBER = re.compile(
    rb"[+-]?+(?:(?:[0-9]++\.?+[0-9]*+|\.[0-9]++)(?:e[+-]?+[0-9]++)?+|inf(?:inity)?+|nan)", re.IGNORECASE
)
# Decimals never overflow to one infinity, as two huge and different floats would.
_ARITHMETIC = decimal.Context(prec=40, Emin=decimal.MIN_EMIN, Emax=decimal.MAX_EMAX, traps=[])
_SHOWN, _BEFORE = 120, 40  # bytes of a quotation in all, and before the first difference


def difference(expected: str, actual: bytes, compare: Compare, tolerance: float = 0.0) -> str:
    """Say in one line where an output first differs from what was expected; empty where it agrees.

    Args:
        expected: As the problem gives it, see `encoded`.
        actual: The whole standard output.
        compare: As in `StdioSuite`. Under `float`, nan is nan whatever its sign, and an infinity only itself.
        tolerance: As in `StdioSuite`; what is negative or no number is as good as 0.
    """
    wanted = encoded(expected)
    if wanted == actual:
        return ""
    if compare == "exact":
        return _in_text(wanted, actual)
    if compare == "lines":
        return _in_lines(wanted, actual)
    return _in_tokens(wanted, actual, Decimal(str(tolerance if tolerance > 0 else 0)) if compare == "float" else None)


def encoded(text: str) -> bytes:
    """The bytes that a text of a problem stands for: UTF-8, in which U+DC80 to U+DCFF each stand for one raw byte."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # another half of a surrogate pair, which stands for nothing
        return text.encode("utf-8", "surrogatepass")


def _in_text(wanted: bytes, came: bytes) -> str:
    at = _common(wanted, came)
    number, start = wanted.count(b"\n", 0, at) + 1, wanted.rfind(b"\n", 0, at) + 1
    return _line_differs(number, *(_line_from(text, start) for text in (wanted, came)))


def _line_from(text: bytes, start: int) -> bytes | None:
    """The line that starts there, with its end; None where the text is over."""
    end = text.find(b"\n", start)
    return text[start : end + 1 if end >= 0 else None] or None


def _in_lines(wanted: bytes, came: bytes) -> str:
    for number, (one, other) in enumerate(itertools.zip_longest(_lines(wanted), _lines(came)), 1):
        if one != other:
            return _line_differs(number, one, other)
    return ""


def _lines(text: bytes) -> Iterator[bytes]:
    return map(bytes.rstrip, io.BytesIO(text.rstrip()))


def _line_differs(number: int, wanted: bytes | None, came: bytes | None) -> str:
    if came is None:
        assert wanted is not None, "two ends do not differ"
        what = "the output is empty" if number == 1 else f"the output ends before line {number}"
        return f"{what}, expected {_quoted(wanted)}"
    return f"line {number} of the output is {_wrong(wanted, came, number)}"


def _in_tokens(wanted: bytes, came: bytes, tolerance: Decimal | None) -> str:
    pairs = itertools.zip_longest(_TOKEN.finditer(wanted), _TOKEN.finditer(came))
    for number, (one, other) in enumerate(pairs, 1):
        if other is None:
            what = "the output is empty" if number == 1 else f"the output ends before token {number}"
            return f"{what}, expected {_quoted(one[0])}"
        if one is None or not _agree(one[0], other[0], tolerance):
            line = came.count(b"\n", 0, other.start()) + 1
            place = f"token {number} of the output (line {line})"
            return f"{place} is {_wrong(one and one[0], other[0], number)}"
    return ""


def _wrong(wanted: bytes | None, came: bytes, number: int) -> str:
    if wanted is None:
        return f"{_quoted(came)}, expected {'nothing' if number == 1 else 'the end'}"
    at = _common(wanted, came)
    return f"{_quoted(came, at)}, expected {_quoted(wanted, at)}"


def _agree(wanted: bytes, came: bytes, tolerance: Decimal | None) -> bool:
    if wanted == came:
        return True
    if tolerance is None:
        return False
    expected, actual = _number(wanted), _number(came)
    if expected is None or actual is None:
        return False
    if expected.is_nan() or actual.is_nan():
        return expected.is_nan() and actual.is_nan()
    if expected.is_infinite() or actual.is_infinite():
        return expected == actual
    off = _ARITHMETIC.abs(_ARITHMETIC.subtract(actual, expected))
    return off <= tolerance or off <= _ARITHMETIC.multiply(tolerance, _ARITHMETIC.abs(expected))


def _number(token: bytes) -> Decimal | None:
    """A decimal number without loss; None for anything else, also for one whose exponent no computer holds."""
    if _NUMBER.fullmatch(token) is None:
        return None
    number = Decimal(token.decode("ascii"), _ARITHMETIC)
    return None if number.is_nan() and b"n" not in token.lower() else number


def _common(one: bytes, other: bytes) -> int:
    """The length of the longest common start."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _quoted(text: bytes, at: int = 0) -> str:
    """What stands around a place, printable on one line; as bytes where it is not UTF-8."""
    start = _boundary(text, at - _BEFORE) if len(text) > _SHOWN else 0
    end = _boundary(text, start + _SHOWN)
    part = text[start:end]
    try:
        shown = repr(part.decode())
    except UnicodeDecodeError:
        shown = repr(part)
    return f"{'…' if start else ''}{shown}{'…' if end < len(text) else ''}"


def _boundary(text: bytes, at: int) -> int:
    """A place at which no UTF-8 character is cut in two, at or just before the given one."""
    if at >= len(text):
        return len(text)
    near = range(max(at, 0), max(at - 4, -1), -1)
    return next((place for place in near if text[place] & 0xC0 != 0x80), max(at, 0))
