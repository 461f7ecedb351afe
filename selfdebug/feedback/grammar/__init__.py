"""For a program that does not compile: what CPython says, what was being parsed, and what could have come instead.

The interpreter's own parser is the oracle. A beginning of a program is viable if the parser, told that the text may be
incomplete, has nothing against it but that it ends; so the token at which it stops is found by halving, and what could
stand there by trying. That holds for whatever syntax the running Python has, and never says what its parser denies.

Parses only, on this side of the sandbox: the text is bounded, and no text can raise anything here.
"""

import re
from dataclasses import dataclass, replace

from selfdebug import syntax
from selfdebug.feedback.grammar.oracle import inserted, possible, stop
from selfdebug.feedback.grammar.rules import Rule, indent_of, indents, open_brackets, open_rules
from selfdebug.feedback.grammar.tokens import Kind, Token, tokens
from selfdebug.feedback.grammar.words import grouped, hint, words

_MAX_CHARACTERS = 20_000  # of a program in which the place is searched for: it is parsed some dozen times
_MAX_STATEMENT = 5_000  # of the statement at whose end each possible token is tried
_MAX_RULES = 4
_MAX_INSERTED = 3
_WIDTH = 100
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True)
class GrammarError:
    """Why a program does not compile.

    Attributes:
        line, column: CPython's place, 1-based; 0 where it names none.
        message: CPython's words.
        source: That line and, beneath it, a caret; cut around the column. Empty without a line.
        rules: What was being parsed where the parser could not go on, innermost first.
        came: What stood there, in words; empty where nothing is known for sure.
        came_line, came_column: Where that is: not always CPython's place; 0 for the program's end.
        expected: What could have stood there instead, as the parser takes it: `NAME`, `NUMBER`, `STRING`, `NEWLINE`, or
            the keyword, operator or bracket itself.
        inserted: Those of them that, put before what stood there, let the parser go on.
        opened: The brackets and quotes that were open there, outermost first: text, line, column.
        hint: What Python has instead of what another language would write there; empty if nothing is known.
    """

    line: int
    column: int
    message: str
    source: str = ""
    rules: tuple[Rule, ...] = ()
    came: str = ""
    came_line: int = 0
    came_column: int = 0
    expected: tuple[str, ...] = ()
    inserted: tuple[str, ...] = ()
    opened: tuple[tuple[str, int, int], ...] = ()
    hint: str = ""


def grammar(program: str) -> GrammarError | None:
    """Why the program does not compile; None if it does.

    Whatever the text is, this raises nothing.
    """
    text = program.replace("\r\n", "\n").replace("\r", "\n")
    error = _refusal(text)
    if error is None:
        return None
    line, column = _place(text, error)
    verdict = GrammarError(line, column, error.msg or "invalid syntax", _with_caret(text, line, column))
    if len(text) > _MAX_CHARACTERS:
        return verdict
    return _explained(verdict, text, tokens(text), indentation=isinstance(error, IndentationError))


def say(error: GrammarError) -> str:
    """The error for a prompt."""
    parts = [f"The program is not valid Python: {error.message}{f' (line {error.line})' if error.line else ''}."]
    if error.source:
        parts.append(f"```\n{error.source}\n```")
    if error.rules:
        inside = ", in ".join(list(dict.fromkeys(rule.words for rule in error.rules))[:_MAX_RULES])
        parts.append(f"The parser was reading {inside}.")
    if error.came:
        where = f" (line {error.came_line})" if error.came_line not in (0, error.line) else ""
        instead = grouped(error.expected)
        parts.append(f"It came to {error.came}{where}" + (f", where {instead} could stand." if instead else "."))
    if 0 < len(error.inserted) <= _MAX_INSERTED:
        parts.append(f"With {grouped(error.inserted)} before it, the parser would go on.")
    for text, line, column in error.opened[-1:]:
        if line in (error.line, error.came_line):
            continue  # it is in sight
        parts.append(f"The `{text}` of line {line}, column {column} was still open.")
    if error.hint:
        parts.append(error.hint)
    return "\n".join(parts)


def _refusal(text: str) -> SyntaxError | None:
    """What the compiler has against the text."""
    if len(text) > _MAX_CHARACTERS:  # what is found behind the parser is left to the run
        try:
            syntax.parse(text)
        except SyntaxError as error:
            return error
        return None
    try:
        with syntax.silently():
            compile(text, "<program>", "exec", dont_inherit=True)
    except SyntaxError as error:
        if syntax.try_parse(text) is not None:
            error.offset = _characters(text, error.lineno, error.offset)
        return error
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        return SyntaxError("nested too deeply" if isinstance(error, RecursionError | MemoryError) else str(error))
    return None


def _characters(text: str, line: int | None, offset: int | None) -> int | None:
    """The column in characters of one in bytes, in which the compiler (other than the parser) counts."""
    lines = text.split("\n")
    if not line or not offset or line > len(lines):
        return offset
    return len(lines[line - 1].encode(errors="replace")[: offset - 1].decode(errors="ignore")) + 1


def _place(text: str, error: SyntaxError) -> tuple[int, int]:
    lines = text.split("\n")
    if error.lineno:
        line = min(error.lineno, len(lines))
        # Within an f-string's braces, CPython 3.11 counts columns in a text of its own.
        known = error.text is None or error.text.strip() == lines[line - 1].strip()
        return line, max(error.offset or 0, 0) if known else 0
    for number, content in enumerate(lines, 1):
        for column, character in enumerate(content, 1):
            if character == "\0" or "\ud800" <= character <= "\udfff":
                return number, column
    return 0, 0


def _with_caret(text: str, line: int, column: int) -> str:
    lines = text.split("\n")
    if not 1 <= line <= len(lines):
        return ""
    shown = _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", lines[line - 1]).expandtabs(4)
    if not column:
        return shown[:_WIDTH]
    caret = len(lines[line - 1][: column - 1].expandtabs(4)) + max(0, column - 1 - len(lines[line - 1]))
    cut = max(0, caret - _WIDTH // 2) if len(shown) > _WIDTH else 0
    marks = ("…" if cut else "", "…" if len(shown) > cut + _WIDTH else "")
    return f"{marks[0]}{shown[cut : cut + _WIDTH]}{marks[1]}\n{' ' * (caret - cut + len(marks[0]))}^"


def _explained(verdict: GrammarError, text: str, found: list[Token], *, indentation: bool) -> GrammarError:
    """What the parser was doing, besides what it says."""
    with syntax.silently():
        index = stop(text, found)
        expected = () if indentation or index is None else possible(text, found, index, _MAX_STATEMENT)
        fixes = inserted(text, found, index, expected) if index is not None and expected else ()
    if index is None:  # the grammar has nothing against it: CPython's place is all that is known
        return replace(verdict, rules=open_rules(found, _at(text, found, verdict), text))
    verdict = replace(verdict, rules=open_rules(found, index, text), opened=_opened(text, found, index))
    token = found[index]
    # Where a token of its kind could stand, something within it is wrong, and CPython's words say what.
    if indentation:
        return replace(verdict, hint=_columns(text, found, index))
    if token.kind is Kind.OPEN_STRING or token.kind.upper() in expected or verdict.message.startswith("too many"):
        return verdict
    # A string is taken whatever is in it, and judged only when the next token is read.
    if set(expected) <= {"STRING"} and token.kind is not Kind.END:
        return verdict
    line, column = _position(text, token.start)
    further = verdict.column and (verdict.line, verdict.column) > (line, column)  # going on leads to another error
    return replace(
        verdict,
        came=words(token),
        came_line=0 if token.kind is Kind.END else line,
        came_column=0 if token.kind is Kind.END else column,
        expected=expected,
        inserted=() if further else fixes,
        hint=hint(found, index),
    )


def _columns(text: str, found: list[Token], index: int) -> str:
    """By how much a line is indented, and by how much it could be."""
    own, others = indent_of(found[index], text), indents(found, index, text)
    if not found[index].first or own in others:
        return ""
    return f"It is indented by {own} columns, the lines that it could stand beside by {' or '.join(map(str, others))}."


def _opened(text: str, found: list[Token], index: int) -> tuple[tuple[str, int, int], ...]:
    open_ones = [bracket.token for bracket in open_brackets(found, 0, index)]
    if found[index].kind is Kind.OPEN_STRING:
        open_ones.append(replace(found[index], text=found[index].text.lstrip("rRbBuUfFtT")[:3]))
    opened = []
    for token in open_ones:
        quotes = token.text if token.text in ("'''", '"""') else token.text[:1]
        opened.append((quotes, *_position(text, token.start)))
    return tuple(opened)


def _position(text: str, place: int) -> tuple[int, int]:
    """Line and column, 1-based."""
    return text.count("\n", 0, place) + 1, place - text.rfind("\n", 0, place)


def _at(text: str, found: list[Token], verdict: GrammarError) -> int:
    """The token at CPython's place."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    place = starts[max(verdict.line - 1, 0)] + max(verdict.column - 1, 0)
    return next((index for index, token in enumerate(found) if token.end > place), len(found) - 1)
