"""Tokens in words that a small model understands, grouped and short."""

import re
from collections.abc import Sequence

from selfdebug.feedback.grammar.tokens import OPERATORS, Kind, Token

_MAX_TEXT = 40
_MAX_PARTS = 8

_STATEMENTS = frozenset(
    (
        *("pass", "return", "break", "continue", "del", "assert", "raise", "global", "nonlocal", "import", "from"),
        *("if", "while", "for", "try", "with", "def", "class", "async", "@", "yield", "*"),
    )
)
_EXPRESSIONS = frozenset(
    (
        *("NAME", "NUMBER", "STRING", "(", "[", "{", "-", "+", "~", "not", "lambda", "await", "yield", "..."),
        *("None", "True", "False", "*", "**"),
    )
)
_ASSIGNING = frozenset(text for text in OPERATORS if text.endswith("=") and text not in ("==", "!=", "<=", ">=", ":="))
_BINARY = frozenset(
    (
        *("+", "-", "*", "/", "//", "%", "@", "**", "<<", ">>", "&", "|", "^", "~"),
        *("==", "!=", "<", ">", "<=", ">=", "and", "or", "in", "not", "is", "if", ".", "(", "[", ":="),
        *("STRING", "{"),
    )
)
_FIRST = (":", ")", "]", "}", ",", "=", "in", "import", "as", "else", "elif", "except", "finally", "->")

# What other languages write, and Python does not. Each holds wherever CPython's parser stops at it.
_FOREIGN = {
    "&&": "Python has no `&&`; it is written `and`.",
    "||": "Python has no `||`; it is written `or`.",
    "++": "Python has no `++`; it is written `+= 1`.",
    "--": "Python has no `--`; it is written `-= 1`.",
    "===": "Python has no `===`; it is written `==`.",
    "!==": "Python has no `!==`; it is written `!=`.",
    "<>": "Python has no `<>`; it is written `!=`.",
    "?": "Python has no `?`; a choice is written `a if condition else b`.",
    "!": "Python has no `!`; it is written `not`.",
    "=>": "Python has no `=>`; a small function is written `lambda x: …`.",
    "```": "The program must not hold lines of Markdown such as ```.",
}


def words(token: Token) -> str:
    """One token of a program."""
    text = token.text if len(token.text) <= _MAX_TEXT else token.text[: _MAX_TEXT - 1] + "…"
    match token.kind:
        case Kind.NEWLINE:
            return "the end of the line"
        case Kind.END:
            return "the end of the program"
        case Kind.OPERATOR:
            return f"`{text}`"
        case Kind.UNKNOWN:
            return f"the character `{text}`" if text.isprintable() else f"a character U+{ord(token.text):04X}"
        case Kind.STRING | Kind.OPEN_STRING:
            return f"the string {text.splitlines()[0]}"
    return f"the {token.kind.value} `{text}`"


def grouped(expected: Sequence[str]) -> str:
    """What could have come, in words: the telling ones first. Empty for nothing."""
    left = set(expected)
    parts = []
    if {"pass", "return", "NAME"} <= left:
        parts.append("a statement")
        left -= _STATEMENTS | _EXPRESSIONS
    if {"NAME", "NUMBER", "("} <= left:
        parts.append("a value")
        left -= _EXPRESSIONS
    if {"/", "==", "and"} <= left:
        parts.append("an operator")
        left -= _BINARY
    if "+=" in left:
        left -= _ASSIGNING - {"="}
    if "NEWLINE" in left:
        parts.append("the end of the line")
        left -= {"NEWLINE", ";"}
    parts = [_named(name) for name in _FIRST if name in left] + parts
    parts += [_named(name) for name in expected if name in left and name not in _FIRST]
    if len(parts) > _MAX_PARTS:
        parts = [*parts[: _MAX_PARTS - 1], "…"]
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + f" or {parts[-1]}" if parts else ""


def _named(name: str) -> str:
    if name in ("NAME", "NUMBER", "STRING"):
        return f"a {name.lower()}"
    return f"`{name}`"


def hint(tokens: Sequence[Token], index: int) -> str:
    """What Python has in the place of what another language writes here; empty if nothing is known."""
    before = tokens[index - 1] if index else None
    if before is not None and (before.text, tokens[index].text) == ("else", "if"):
        return "Python has no `else if`; it is written `elif`."
    signs = {*_signs(tokens, index), *(_signs(tokens, index - 1) if index else ())}
    return next((said for sign, said in _FOREIGN.items() if sign in signs), "")


def _signs(tokens: Sequence[Token], index: int) -> list[str]:
    """What stands there between brackets and other tokens, written without a space."""
    first = last = index
    if not _is_sign(tokens[index]):
        return []
    while first > 0 and _is_sign(tokens[first - 1]) and tokens[first - 1].end == tokens[first].start:
        first -= 1
    while _is_sign(tokens[last + 1]) and tokens[last].end == tokens[last + 1].start:
        last += 1
    return re.split(r"[][(){},.]", "".join(token.text for token in tokens[first : last + 1]))


def _is_sign(token: Token) -> bool:
    return token.kind in (Kind.OPERATOR, Kind.UNKNOWN)
