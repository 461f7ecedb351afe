"""From a model's reply to a SQL query."""

import re

from selfdebug.reply.blocks import code_blocks
from selfdebug.sql import is_query, joined_operators, statements

_LABEL = re.compile(r"\s*(?:sql(?:ite3?)?|query|answer)\b\s*:?\s+(?=\(*\s*(?:select|with|values)\b)", re.I)
_PROMPT = re.compile(r"^[ \t]*(?:sqlite>|\.\.\.>) ?", re.M)
_INLINE = re.compile(r"`([^`\n]+)`")
# Where a query may begin in plain text; `With` and `Select` are words of prose, too.
_START = r"\(*(?:SELECT\s+\S|WITH\s+(?:RECURSIVE\s+)?\w+\s*(?:\([^)]*\)\s*)?AS\s*\()"
_IN_TEXT = [
    re.compile(rf"^(?:[^\n]*:|[ \t]*(?:\d+[.)]|[-*>]))?[ \t]*(?={_START})", flags | re.M)
    for flags in (re.RegexFlag(0), re.I)
]
_NO_BLOCK = "The reply has no code block; the query was taken from its text."


def extract_query(answer: str) -> tuple[str | None, list[str]]:
    """The query that a reply gives, and what was done to it. None where it gives none."""
    text, notes = _chosen(answer)
    if text is None:
        return None, ["The reply holds no query."]
    given = statements(text)
    queries = [statement for statement in given if is_query(statement)]
    if queries and len(given) > 1:
        text = queries[-1]
        notes.append(f"Statement {len(given) - given[::-1].index(text)} of {len(given)} was taken.")
    joined = joined_operators(text)
    if joined != text:
        notes.append("Operators that were split by a space were joined.")
    return joined, notes


def _chosen(answer: str) -> tuple[str | None, list[str]]:
    """The text that holds the query, and where it was found."""
    blocks = [block for block in code_blocks(answer) if block.text.strip()]
    texts = [_cleaned(block.text) for block in blocks]
    if blocks:
        # The last that begins as a query does, else the last that is said to be SQL, else the last.
        fitness = [
            (is_query(text), block.language.startswith("sql")) for block, text in zip(blocks, texts, strict=True)
        ]
        best = max(range(len(blocks)), key=lambda index: (*fitness[index], index))
        if fitness[best][0] or not (inline := _last_inline(answer)):
            return texts[best], [f"Code block {best + 1} of {len(blocks)} was taken."] if len(blocks) > 1 else []
        return inline, [_NO_BLOCK]
    if inline := _last_inline(answer):
        return inline, [_NO_BLOCK]
    text = _cleaned(answer)
    if is_query(text) and len(statements(text)) == 1:
        return text, [_NO_BLOCK]
    for pattern in _IN_TEXT:
        if found := [match.end() for match in pattern.finditer(text)]:
            paragraph = re.split(r"\n[ \t]*\n", text[found[-1] :], maxsplit=1)[0]
            return statements(paragraph)[0], [_NO_BLOCK]
    return None, []


def _last_inline(answer: str) -> str:
    """The last query that stands between single backticks."""
    spans = [_cleaned(span) for span in _INLINE.findall(answer)]
    whole = [span for span in spans if is_query(span) and len(span.split()) > 2]
    return whole[-1] if whole else ""


def _cleaned(text: str) -> str:
    """Without a shell's prompts and without a label before the query."""
    text = _PROMPT.sub("", text) if _PROMPT.search(text) else text
    return text[match.end() :] if (match := _LABEL.match(text)) else text
