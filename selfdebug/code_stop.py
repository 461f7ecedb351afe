"""Where a reply may stop: the end of its first complete fenced code block. Knows Markdown fences, nothing else."""

import re

_LINE = re.compile(r"([^\r\n]*)(\r\n|\n|\r|$)")
_OPENING = re.compile(r" {0,3}(?:(?P<ticks>`{3,})[^`]*|(?P<tildes>~{3,}).*)")


def closed_code_block_end(text: str, *, partial: bool = False) -> int | None:
    """Find the end of the first complete fenced code block.

    Fences are CommonMark's (section 4.5): at a line start, indented by up to three spaces, three or more backticks or
    tildes; the opening one may carry an info string; the closing one has at least as many of the same character and
    stands alone on its line.

    Args:
        text: A reply, or its beginning.
        partial: The text may still grow: a fence on its unfinished last line does not count yet, because
            "```" may turn out to be "```python". An index once returned then stays the same however the text goes on.

    Returns:
        The index just after the closing fence's last character, or None where no block is complete.
    """
    closing: re.Pattern[str] | None = None
    for line in _LINE.finditer(text):
        if partial and not line[2]:
            return None
        if closing is None:
            opening = _OPENING.fullmatch(line[1])
            if opening:
                fence = opening["ticks"] or opening["tildes"]
                closing = re.compile(rf"( {{0,3}}{fence[0]}{{{len(fence)},}})[ \t]*")
        elif found := closing.fullmatch(line[1]):
            return line.start() + found.end(1)
    return None
