"""Reading SQL text that may be anything: its tokens, and what follows from them. Nothing here runs it."""

import re
from collections.abc import Iterator

_TOKEN = re.compile(
    r"(?P<space>\s+|--[^\n]*|/\*.*?(?:\*/|\Z))"
    r"|(?P<quoted>'(?:[^']|'')*(?:'|\Z)|\"(?:[^\"]|\"\")*(?:\"|\Z)|`(?:[^`]|``)*(?:`|\Z)|\[[^\]]*(?:\]|\Z))"
    r"|(?P<word>\w+)"
    r"|(?P<mark><=|>=|<>|!=|==|\|\||.)",
    re.S,
)
_SPLIT_OPERATOR = {">", "<", "!"}


def tokens(text: str) -> Iterator[tuple[str, str]]:
    """Kind (`space`, `quoted`, `word`, `mark`) and text of each token; comments are space. Together they are the text.

    As SQLite does, a quote or comment that never ends goes on to the end.
    """
    for match in _TOKEN.finditer(text):
        yield str(match.lastgroup), match.group()


def is_query(text: str) -> bool:
    """Whether it begins as a query does: with SELECT, VALUES or WITH, brackets aside."""
    words = [part.upper() for kind, part in tokens(text) if kind != "space"]
    while words and words[0] == "(":
        words.pop(0)
    if words[:1] != ["WITH"]:
        return words[:1] in (["SELECT"], ["VALUES"])
    after = words[3:4] if words[1:2] == ["RECURSIVE"] else words[2:3]
    return after in (["AS"], ["("]) and "SELECT" in words


def statements(text: str) -> list[str]:
    """The statements between semicolons, without these, those without any token aside."""
    found, current, empty = list[str](), "", True
    for kind, part in [*tokens(text), ("mark", ";")]:
        if (kind, part) == ("mark", ";"):
            found += [] if empty else [current.strip()]
            current, empty = "", True
        else:
            current += part
            empty = empty and kind == "space"
    return found


def joined_operators(text: str) -> str:
    """The text with `> =`, `< =` and `! =` written as one operator, as Spider's official evaluation does.

    SQLite takes none of them. What stands between quotes is left alone.
    """
    parts: list[str] = []
    for _, part in tokens(text):
        if part == "=" and len(parts) > 1 and parts[-1] == " " and parts[-2] in _SPLIT_OPERATOR:
            parts.pop()
        parts.append(part)
    return "".join(parts)


def canonical(text: str) -> str:
    """One text for all queries that differ only in white space, comments, the case of words and a last semicolon."""
    parts = [part.upper() if kind == "word" else part for kind, part in tokens(text) if kind != "space"]
    while parts and parts[-1] == ";":
        parts.pop()
    return " ".join(parts)
