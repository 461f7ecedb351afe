"""Making text parse that is nearly Python, without touching what may be the model's own mistake."""

import ast
import re
import textwrap
from dataclasses import dataclass

from selfdebug.problem import Problem
from selfdebug.syntax import FUNCTIONS, find_function, is_stub, parse, try_parse

_ODD_CHARACTERS = str.maketrans(
    {
        "“": '"', "”": '"', "„": '"', "″": '"', "‘": "'", "’": "'", "‚": "'", "′": "'", "−": "-", "–": "-", "—": "-",
        "\u00a0": " ", "\u2002": " ", "\u2003": " ", "\u2009": " ", "\u202f": " ", "\u3000": " ",
        "\u200b": "", "\u200c": "", "\u200d": "", "\u2060": "", "\ufeff": "", "\0": "",
        "（": "(", "）": ")", "，": ",", "：": ":", "；": ";",
    }
)  # fmt: skip
_CODE_LINE = re.compile(
    r"\s*(?:(?:async\s+)?def\s+\w+\s*\(|class\s+\w+\s*[:(]|@\w|import\s+[\w.]+(?:\s*,|\s+as\b|\s*$)|from\s+[\w.]+\s+import\b"
    r"|(?:if|elif|while|for|with|try|else|except|finally)\b.*:\s*(?:#.*)?$|return\b|[A-Za-z_][\w.\[\]'\"]*\s*[-+*/%]?=[^=]"
    r"|print\(|yield\b|raise\s+\w+|assert\s)"
)
_MARKUP = re.compile(r"(?:</?\w+>|\[/?[A-Za-z]+\]|={3,}|-{3,}|`{3,}\w*|~{3,}\w*)$")
_PROSE_MARK = re.compile(
    r"\s*(?:[-*•]\s+\**[A-Za-z`]|\d+[.)]\s+\S|\*\*|>\s|>>>"
    r"|(?!else:|try:|finally:)[A-Z][\w ,'-]*:\s*$)"
)
_WORDS = re.compile(r"(?<![\w.])[A-Za-z][a-z']*,?\s+[A-Za-z][a-z']*,?\s+[A-Za-z`][\w'`]*")
_OPENERS = re.compile(r"\s*(?:if|for|while|with|from|import|as|in|is|not|and|or|this|the|a|an|to|we|you|it)\b", re.I)
_STATEMENT = re.compile(r"\s*(?:return|yield|raise|del|global|nonlocal|lambda|and|or|not|else|elif|in|is)\b")
_MOST_REGIONS = 40


@dataclass(frozen=True)
class Salvaged:
    """Text that was made to parse (`tree`), or the text as it was (`tree` None)."""

    code: str
    tree: ast.Module | None
    notes: tuple[str, ...] = ()


def salvage(text: str, wanted: str = "") -> Salvaged:
    """The text as a program, changed as little as makes it parse.

    Args:
        wanted: The function that the program should define, where there is one.
    """
    tree = try_parse(text)
    if tree is not None:
        return Salvaged(text, tree)
    current = text
    made: list[str] = []
    for note, change in _CHANGES:
        changed = change(current)
        if changed is None or changed == current:
            continue
        if (tree := try_parse(changed)) is not None:
            return Salvaged(changed, tree, (*made, note))
        if change in _LASTING:
            current = changed
            made.append(note)
    for changed in (_without_prose(current), _largest_region(_without_prose(current), wanted)):
        if changed and (tree := try_parse(changed)) is not None and _says_something(tree):
            return Salvaged(changed, tree, (*made, "Lines that are not code were left out."))
    return Salvaged(text, None)


def has_code(text: str, problem: Problem) -> bool:
    """Whether a reply without a code block holds code at all."""
    tree = try_parse(textwrap.dedent(text))
    if tree is not None:
        return _says_something(tree)
    name = problem.entry_point
    if name and re.search(rf"^\s*(?:def|class)\s+{re.escape(name)}\b", text, re.M):
        return True
    lines = [line for line in text.split("\n") if _CODE_LINE.match(line) and not _is_prose(line)]
    return any(not re.match(r"\s*(?:if|for|while|with|else)\b", line) for line in lines)


def _says_something(tree: ast.Module) -> bool:
    """Whether it is more than words that happen to parse: `Sorry`, `Note: done`."""
    for node in tree.body:
        if isinstance(node, ast.Expr):
            if isinstance(node.value, ast.Call | ast.Await | ast.Yield | ast.ListComp):
                return True
        elif not (isinstance(node, ast.AnnAssign) and node.value is None):
            return True
    return False


def _plain_characters(text: str) -> str | None:
    return text.translate(_ODD_CHARACTERS)


def _dedented(text: str) -> str | None:
    """Without the margin that all lines share. Lines without text stay as they are: they may belong to a string."""
    lines = [line for line in text.split("\n") if line.strip()]
    margin = min((line[: len(line) - len(line.lstrip())] for line in lines), key=len, default="")
    if not margin or not all(line.startswith(margin) for line in lines):
        return None
    return "\n".join(line.removeprefix(margin) for line in text.split("\n"))


def _without_ticks(text: str) -> str | None:
    return re.sub(r"[ \t]*`{3,}\w*[ \t]*$", "", text, flags=re.M)


def _spaces(text: str) -> str | None:
    return text.expandtabs(8) if "\t" in text else None


def _from_prompts(text: str) -> str | None:
    """A doctest session's input, without its output; a session below a program is no program."""
    if re.search(r"^(?:def|class|import|from|@)", text, re.M):
        return None
    lines = [match.group(1) for match in re.finditer(r"^[ ]*(?:>>>|\.\.\.)(?: (.*)|$)", text, re.M)]
    return "\n".join(line or "" for line in lines) + "\n" if lines else None


def _from_diff(text: str) -> str | None:
    """What a diff makes of its file."""
    if not re.search(r"^[-+]", text, re.M):
        return None
    kept = []
    for line in text.split("\n"):
        if re.match(r"(?:diff --git|index [0-9a-f]|--- |\+\+\+ |@@)", line) or line.startswith("-"):
            continue
        kept.append(line[1:] if line.startswith(("+", " ")) else line)
    return "\n".join(kept)


def _without_numbers(text: str) -> str | None:
    """A listing without its line numbers."""
    lines = [line for line in text.split("\n") if line.strip()]
    matches = [re.match(r"\s*(\d+)\s?[|:.]?[ ]?(.*)$", line) for line in lines]
    numbers = [int(match.group(1)[:9]) for match in matches if match]
    if len(numbers) != len(lines) or numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        return None
    return "\n".join(match.group(2) for match in matches if match) + "\n"


_CHANGES = (
    ("The code was moved to the left margin.", _dedented),
    ("A fence within the code was left out.", _without_ticks),
    ("Tabs were replaced by spaces.", _spaces),
    ("Typographic characters were replaced by plain ones.", _plain_characters),
    ("The prompts of an interpreter session were left out.", _from_prompts),
    ("A diff was applied.", _from_diff),
    ("Line numbers were left out.", _without_numbers),
)
# What stays for the changes after it, although it was not enough by itself.
_LASTING = (_dedented, _without_ticks, _plain_characters)


def _without_prose(text: str) -> str:
    """Without the lines that read like prose, docstrings aside."""
    kept = []
    quote = ""
    session = False
    for line in text.split("\n"):
        if not quote:
            session = bool(re.match(r"\s*>>>", line)) or (session and bool(line.strip()))
            if session or _is_prose(line):
                continue
        kept.append(line)
        for mark in re.findall(r"\"{3}|'{3}", line):
            quote = "" if quote == mark else quote or mark
    return "\n".join(kept)


def _is_prose(line: str) -> bool:
    stripped = line.strip()
    if not stripped or stripped.startswith("#") or re.search(r"\"{3}|'{3}", stripped):
        return False
    if _MARKUP.match(stripped):
        return True
    alone = try_parse(stripped)
    if alone is None and stripped.endswith(":"):
        alone = try_parse(stripped + " pass")
    if alone is not None:
        return not _says_something(alone) and bool(re.match(r"[A-Z][a-z]+(?:: \w+)?$", stripped))
    if _PROSE_MARK.match(stripped):
        return True
    without_strings = re.sub(r"\"[^\"]*\"|'[^']*'(?!\w)", "''", stripped)
    if _STATEMENT.match(stripped) or not _WORDS.search(without_strings):
        return bool(re.match(r"[A-Z][a-z']+(?: [\w'`]+)*[.!:]$", stripped))
    return bool(_OPENERS.match(stripped)) or not re.search(r"[=\[\]{}]|\w\(", without_strings) or stripped[-1] in ".!:"


def _largest_region(text: str, wanted: str) -> str:
    """The largest run of whole top-level statements that parses and defines a function, the wanted one if named."""
    lines = text.split("\n")
    starts = [i for i, line in enumerate(lines) if line[:1].strip() and _CODE_LINE.match(line)][:_MOST_REGIONS]
    best = ""
    for start in starts:
        region = _parsing_head(lines[start:])
        tree = try_parse(region)
        if tree is None or len(region) <= len(best):
            continue
        if wanted:
            function = find_function(tree, wanted)
            if function is not None and not is_stub(function):
                best = region
        elif any(isinstance(node, (*FUNCTIONS, ast.ClassDef)) for node in tree.body):
            best = region
    return best


def _parsing_head(lines: list[str]) -> str:
    """The longest head that parses and ends where a new top-level line starts, so that no block is cut."""
    end = len(lines)
    for _ in range(_MOST_REGIONS):
        try:
            parse(text := "\n".join(lines[:end]) + "\n")
        except SyntaxError as error:
            end = min(end - 1, max((error.lineno or end) - 1, 0))
            while end > 0 and not lines[end][:1].strip():
                end -= 1
            if end <= 0:
                return ""
        else:
            return text
    return ""
