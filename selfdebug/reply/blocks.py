"""The fenced code blocks of a reply, the odd ones too."""

import re
from dataclasses import dataclass, replace

from markdown_it import MarkdownIt

from selfdebug.syntax import is_docstring, try_parse

# Quotation marks that some models write for backticks.
_ODD_FENCE = re.compile(r"^([ ]{0,3})(?:['‘’´ˋ′｀＇]{3,}|''')[ ]*(python3?|py)?[ ]*$", re.M | re.I)
_GLUED_OPENING = re.compile(r"(?<=[^\s`])[ \t]*(```+[ ]*(?:python3?|py)?)[ ]*(?=\r?\n)", re.I)
_ONE_LINE = re.compile(r"```+(?:python3?\b|py\b)?[ ]*(.+?)[ ]*```+", re.I)
_THOUGHTS = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.S | re.I)
_OTHER_LANGUAGES = re.compile(
    r"bash|sh|shell|console|te?xt|plaintext|output|json|ya?ml|toml|diff|html|xml|c|cpp|c\+\+|java|javascript|js|go|rust"
    r"|sql|markdown|md"
)
_MOST_MERGED = 12


@dataclass(frozen=True)
class Block:
    """One code block. `lines` is where it lies in the reply, fences included, 0-based and half-open."""

    text: str
    language: str = ""
    lines: tuple[int, int] = (0, 0)

    @property
    def is_python(self) -> bool:
        """Whether it may be Python: it is said to be, or nothing is said."""
        return not _OTHER_LANGUAGES.fullmatch(self.language)


def without_thoughts(reply: str) -> str:
    """The reply without what a reasoning model thought aloud, if anything is left then."""
    answer = _THOUGHTS.sub("", reply)
    return answer if answer.strip() else reply


def code_blocks(reply: str) -> list[Block]:
    """All fenced code blocks in order; an unclosed one goes on to the end."""
    found = _fenced(reply)
    if not found and "```" in reply:
        found = _fenced(_GLUED_OPENING.sub(r"\n\1", reply)) or [
            Block(match.group(1) + "\n") for match in _ONE_LINE.finditer(reply)
        ]
    if not found and _ODD_FENCE.search(reply) and not _is_program(reply):
        found = _fenced(_ODD_FENCE.sub(r"\1```\2", reply))
    return _rejoined(found, reply)


def _fenced(text: str) -> list[Block]:
    parser = MarkdownIt("commonmark", {"maxNesting": 20}).disable(["html_block", "lheading", "reference", "code"])
    parser.core.ruler.disable(["inline"])
    blocks = []
    for token in parser.parse(text):
        if token.type == "fence":
            language = token.info.strip().split(" ")[0].split("{")[0].lower()
            first, last = token.map or (0, 0)
            blocks.append(Block(token.content, language, (first, last)))
    return blocks


def _is_program(text: str) -> bool:
    """Whether it parses, and is more than strings."""
    tree = try_parse(text)
    return tree is not None and not all(map(is_docstring, tree.body))


def _rejoined(blocks: list[Block], reply: str) -> list[Block]:
    """A docstring may hold fences of its own, which cut its program into blocks: put such a one together again."""
    lines = re.split(r"\r\n|\r|\n", reply)
    result: list[Block] = []
    index = 0
    while index < len(blocks):
        block = blocks[index]
        result.append(block)
        index += 1
        if not re.search(r"\"{3}|'{3}", block.text) or try_parse(block.text) is not None:
            continue
        for later in range(index, min(len(blocks), index + _MOST_MERGED)):
            # The later block's opening fence or its closing one may be the one that ends the program.
            first, last = blocks[later].lines
            ends = [end for end in (first, last - 1) if end < len(lines)]
            whole = next((text for end in ends if (text := _between(lines, block, end)) is not None), None)
            if whole is not None:
                result[-1] = replace(block, text=whole)
                index = later + 1
                break
    return result


def _between(lines: list[str], block: Block, end: int) -> str | None:
    text = "\n".join(lines[block.lines[0] + 1 : end]) + "\n"
    return text if try_parse(text) is not None else None
