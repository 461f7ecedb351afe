"""CPython's own parser, asked how far it gets in a text and what it would take there.

A beginning of a program is viable if the parser, told that the text may be incomplete, has nothing against it but that
it ends. Whoever calls this has silenced warnings. Texts are bounded by the caller.
"""

import ast
import bisect
import codeop
from collections.abc import Sequence

from selfdebug.feedback.grammar.tokens import KEYWORDS, OPERATORS, Kind, Token

_FLAGS = ast.PyCF_ONLY_AST | codeop.PyCF_ALLOW_INCOMPLETE_INPUT  # type: ignore[attr-defined]
_ON = " \\\n"  # behind a token: the line goes on, and then the text ends
_NEWLINE = "NEWLINE"
_TRIED = {"NAME": "x", "NUMBER": "1", "STRING": "''"} | {text: text for text in (*OPERATORS, *sorted(KEYWORDS))}
_MENDING = frozenset((")", "]", "}", ":", ",", "=", "->", "in", "as", "import", "else", "except", "def"))
_CONTINUING = frozenset(("elif", "else", "except", "finally"))


def viable(beginning: str) -> bool:
    """Whether the text is a program, or could become one by going on."""
    try:
        compile(beginning, "<program>", "exec", _FLAGS, dont_inherit=True)
    except SyntaxError as error:
        return error.msg == "incomplete input"
    except (ValueError, RecursionError, MemoryError, OverflowError):
        return False
    return True


def stop(text: str, tokens: Sequence[Token]) -> int | None:
    """The index of the first token that the parser does not take; None if it takes all of them and the program's end.

    What is viable has viable beginnings only, so that halving finds it.
    """
    found = bisect.bisect_left(range(len(tokens)), True, key=lambda index: not _takes(text, tokens[index]))
    return found if found < len(tokens) else None


def _takes(text: str, token: Token) -> bool:
    if token.kind is Kind.END:
        return _parses(text)
    if token.kind is Kind.OPEN_STRING:
        return False
    return viable(text[: token.end] + ("" if token.kind is Kind.NEWLINE else _ON))


def _parses(text: str) -> bool:
    try:
        compile(text, "<program>", "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return False
    return True


def possible(text: str, tokens: Sequence[Token], index: int, most: int) -> tuple[str, ...]:
    """What the parser takes in the place of a token: names of `_TRIED`, or `NEWLINE`.

    Args:
        index: The token, as `stop` found it.
        most: Characters of the statement that is parsed once for each; a longer one gives nothing.
    """
    token = tokens[index]
    start = _statement_start(text, tokens, index)
    before = text[start : token.start] if token.first else _up_to(text, tokens, index, start) + " "
    if len(before) > most or (token.kind is Kind.END and token.first and not _open(tokens, index)):
        return ()
    found = [name for name, piece in _TRIED.items() if viable(before + piece + _ON)]
    if not token.first and viable(before + "\n") and not _open(tokens, index):
        found.append(_NEWLINE)
    return tuple(found)


def inserted(text: str, tokens: Sequence[Token], index: int, expected: Sequence[str]) -> tuple[str, ...]:
    """Those of the expected marks that, put before the token, let the parser take it too (as in the repair of
    Burke and Fisher, "A practical method for LR and LL syntactic error diagnosis and recovery", TOPLAS 1987)."""
    token = tokens[index]
    if token.kind is Kind.END:
        return ()
    start = _statement_start(text, tokens, index)
    before = text[start : token.start] if token.first else _up_to(text, tokens, index, start)
    after = " " + token.text if token.first else text[start + len(before) : token.end]
    end = "" if token.kind is Kind.NEWLINE else _ON
    operators = "/" in expected  # where any may come, `in` is only one of them
    pieces = [name for name in expected if name in _MENDING and not (operators and name == "in")]
    return tuple(name for name in pieces if viable(f"{before} {_TRIED[name]}{after}{end}"))


def _up_to(text: str, tokens: Sequence[Token], index: int, start: int) -> str:
    return text[start : tokens[index - 1].end] if index else ""


def _open(tokens: Sequence[Token], index: int) -> bool:
    """Whether a bracket is open, as the tokens were cut: they end lines only where none is."""
    line = index
    depth = 0
    while line > 0 and tokens[line - 1].kind is not Kind.NEWLINE:
        line -= 1
        depth += (tokens[line].text in ("(", "[", "{")) - (tokens[line].text in (")", "]", "}"))
    return depth > 0


def _statement_start(text: str, tokens: Sequence[Token], index: int) -> int:
    """Where the module's statement begins that the token stands in or behind: all that decides what may come."""
    for place in range(index - 1, -1, -1):
        token = tokens[place]
        if token.first and text[token.start - 1 : token.start] in ("", "\n") and token.text not in _CONTINUING:
            line = _line_before(tokens, place)
            if line is None or tokens[line].text != "@":
                return token.start
    return 0


def _line_before(tokens: Sequence[Token], place: int) -> int | None:
    place -= 1
    while place >= 0 and not tokens[place].first:
        place -= 1
    return place if place >= 0 else None
