"""Cutting program text that may be anything into Python's tokens: never fails, in time linear in the text.

Not `tokenize`, which raises at text that is no Python, at other places from one version of Python to the next.
"""

import keyword
import re
import sys
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What sort of token it is."""

    NAME = "name"
    KEYWORD = "keyword"
    NUMBER = "number"
    STRING = "string"
    OPEN_STRING = "open string"  # its closing quotes are missing
    OPERATOR = "operator"
    NEWLINE = "newline"  # the end of a logical line
    UNKNOWN = "unknown"  # a character that Python has no use for
    END = "end"  # of the program


@dataclass(frozen=True)
class Token:
    """A piece of the program.

    Attributes:
        start, end: Its place in the text, `text[start:end]`.
        first: Whether it is the first one of its logical line.
    """

    kind: Kind
    text: str
    start: int
    end: int
    first: bool = False


OPENING = {"(": ")", "[": "]", "{": "}"}
CLOSING = {")": "(", "]": "[", "}": "{"}
KEYWORDS = frozenset(keyword.kwlist)
OPERATORS = (
    *("**=", "//=", ">>=", "<<=", "..."),
    *("!=", "->", ":=", "**", "//", ">>", "<<", "<=", ">=", "=="),
    *("+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "@="),
    *"+-*/%@&|^~<>()[]{},:.;=",
)
_PIECE = re.compile(
    r"(?P<space>[ \t\f]+|\\\n|\#[^\n]*)"
    r"|(?P<newline>\n)"
    r"|(?P<quote>(?i:[rbu]|br|rb|f|fr|rf|t|tr|rt)?(?:'''|\"\"\"|'|\"))"
    r"|(?P<number>(?:\d|\.\d)(?:[eE][+-](?=\d)|[\w.])*)"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<operator>" + "|".join(re.escape(text) for text in OPERATORS) + ")"
    r"|(?P<unknown>.)",
    re.DOTALL,
)
_NESTED_QUOTES = sys.version_info >= (3, 12)  # PEP 701: an f-string may hold its own quotes within its braces
_MAX_NESTED = 20


def tokens(text: str) -> list[Token]:
    """The program's tokens, less comments and blanks, with an `END` behind them.

    Args:
        text: The program; its lines end in `\\n` only.
    """
    found: list[Token] = []
    open_brackets = 0
    place = 0
    first = True
    while place < len(text):
        piece = _PIECE.match(text, place)
        assert piece is not None  # the last alternative takes anything
        kind, end = _kind(piece), piece.end()
        if piece.lastgroup == "quote":
            end, closed = _string_end(text, piece)
            kind = Kind.STRING if closed else Kind.OPEN_STRING
        if kind is Kind.NEWLINE and (open_brackets or first):
            kind = None
        if kind is not None:
            found.append(Token(kind, text[place:end], place, end, first))
            first = kind is Kind.NEWLINE
            if kind is Kind.OPERATOR:
                open_brackets += (piece[0] in OPENING) - (piece[0] in CLOSING and open_brackets > 0)
        place = end
    if not first and not open_brackets:
        found.append(Token(Kind.NEWLINE, "", len(text), len(text)))
        first = True
    return [*found, Token(Kind.END, "", len(text), len(text), first)]


def _kind(piece: re.Match[str]) -> Kind | None:
    if piece.lastgroup in ("space", "quote", None):
        return None
    if piece.lastgroup == "name" and piece[0] in KEYWORDS:
        return Kind.KEYWORD
    return Kind(piece.lastgroup)


def _string_end(text: str, opening: re.Match[str], nested: int = 0) -> tuple[int, bool]:
    """Where a string ends, and whether by its quotes."""
    quote = opening[0].lstrip("rRbBuUfFtT")
    prefix = opening[0][: -len(quote)].lower()
    if _NESTED_QUOTES and ("f" in prefix or "t" in prefix) and nested < _MAX_NESTED:
        return _template_end(text, opening.end(), quote, nested)
    stop = re.compile(rf"\\.|{quote}" + ("" if len(quote) == 3 else r"|\n"), re.DOTALL)
    for match in stop.finditer(text, opening.end()):
        if match[0] == quote:
            return match.end(), True
        if match[0] == "\n":
            return match.start(), False
    return len(text), False


def _template_end(text: str, place: int, quote: str, nested: int) -> tuple[int, bool]:
    """Where an f-string ends whose braces may hold strings with the same quotes."""
    depth = 0
    while place < len(text):
        if depth == 0 and text.startswith(quote, place):
            return place + len(quote), True
        if depth == 0 and text[place] == "\n" and len(quote) == 1:
            return place, False
        if depth == 0:
            double = text.startswith(("{{", "}}", "\\"), place)
            depth += not double and text[place] == "{"
            place += 2 if double else 1
            continue
        piece = _PIECE.match(text, place)
        assert piece is not None
        depth += (piece[0] in OPENING) - (piece[0] in CLOSING)
        place = _string_end(text, piece, nested + 1)[0] if piece.lastgroup == "quote" else piece.end()
    return len(text), False
