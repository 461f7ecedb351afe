"""Examples in prose that write the call out: `f(1) == 2`, `f(1) -> 2`, `f(1) should return 2`."""

import ast
import re
from collections.abc import Iterator

from selfdebug.examples.document import Document, Example, calls_of
from selfdebug.examples.literals import closing, expression, is_data, value_at
from selfdebug.syntax import BUILTINS

_ARROWS = r"(?:={1,3}>|-{1,3}>|~>|➞|→|⇒|⟹|➡️?|↦|=>|:=)"
_VERBS = (
    r"(?:(?:should|must|will|would|shall|can)\s+(?:be|return|give|yield|output|equal|produce|evaluate\s+to)"
    r"|returns?|returned|is|equals|gives|yields|produces|outputs|evaluates\s+to|results\s+in|(?:is|are)\s+equal\s+to)"
)
_SEPARATOR = re.compile(
    rf"""[`*]*(?: \s*(?P<near>≈|~=|~|≃|≅)\s* | [ ]*={{1,3}}[ ]*(?![=>]) | \s*{_ARROWS}\s*
        | \s+(?:\#+\s*)?(?:[-=]*>\s*)?{_VERBS}\b:?\s+ | \s*\#+\s*(?:[-=]*>\s*)? | [ ]*:[ ]+
        | \s*\n\s*(?:\#\s*)?(?:[Oo]utput|[Rr]esult|[Rr]eturns?|[Ee]xpected)[ ]*[:=]\s* )
        (?P<about>(?:approximately|about|roughly|around|approx\.?)\s+)?[`*]*(?:(?:the\s+)?(?:value|list|string|tuple|
        dictionary|set|number|integer|float)\s+)?[`*]*""",
    re.X,
)
_PREFIX = re.compile(r"[ ]*(?:(?:[-*•‣]|\d+[.)]|[a-zA-Z]\))[ ]+)?(?:assert\s+|for\s+)?`*", re.I)
_DENIED = re.compile(
    r"\b(?:not|never|wrong|wrongly|incorrect|incorrectly|instead|buggy|if|unless|when|suppose|like|def)\b", re.I
)
_OUTER = re.compile(r"(?:\b(?:round|sorted|list|tuple|set|len|sum|abs|str|int|float|max|min|dict|bool|next)\()+$")
_HEADER = re.compile(r"^[ ]*(?:[-*#=\[]+\s*)?(?:for\s+)?(?:\w+\s+)?examples?\b[^\n]*$", re.I | re.M)
_LARGEST_GAP = 1  # line breaks between a call and its value


def called_examples(document: Document, name: str) -> list[Example]:
    """Examples that call `name`, which is the entry point or stands for it."""
    document_for_name = Document(document.text, name, document.scope, document.signature)
    found = [
        example
        for match in re.finditer(rf"(?<![\w.]){re.escape(name)}[ ]?(?=\()", document.text)
        if (example := _example(document_for_name, match.start(), match.end())) is not None
    ]
    if _is_recurrence(document_for_name):
        # `f(n) = f(n-1) + f(n-2)`, `f(1) = 3`: values of a sequence, which need not be what the function returns.
        headers = [header.start() for header in _HEADER.finditer(document.text)]
        found = [example for example in found if headers and example.at > headers[-1]]
    return found or _bare_words(document_for_name)


def other_names(document: Document) -> list[str]:
    """Names other than the entry point that the text calls like a function, below a heading for examples."""
    header = _HEADER.search(document.text)
    if header is None:
        return []
    known = document.scope | BUILTINS | {document.entry_point}
    names = re.findall(r"(?<![\w.])([A-Za-z_]\w*)(?=\()", document.text[header.start() :])
    return [name for name in dict.fromkeys(names) if name not in known]


def _example(document: Document, start: int, bracket: int) -> Example | None:
    text = document.text
    line_start = text.rfind("\n", 0, start) + 1
    prefix = _PREFIX.match(text, line_start)
    assert prefix is not None
    head = line_start + (prefix.end() - line_start if prefix.end() <= start else 0)
    if _DENIED.search(re.split(r"[.;,]\s", text[head:start])[-1]):
        return None
    return _compared(document, head, start) or _said(document, head, start, bracket)


def _compared(document: Document, head: int, start: int) -> Example | None:
    """The rest of the line is a Python comparison, whatever is done to the call in it."""
    line_end = document.text.find("\n", start)
    line = document.text[head : line_end if line_end >= 0 else len(document.text)]
    node = expression(line.split("`")[0].rstrip(" .;,"))
    if not isinstance(node, ast.Compare) or len(node.ops) != 1 or not isinstance(node.ops[0], ast.Eq):
        return None
    actual, expected = node.left, node.comparators[0]
    if is_data(actual):
        actual, expected = expected, actual
    if not is_data(expected) or not _callable(document, actual):
        return None
    bracketed = line.rstrip(" .;,").endswith(")") and _is_bracketed(line, expected)
    return Example(start, actual, expected, parenthesised=bracketed)


def _said(document: Document, head: int, start: int, bracket: int) -> Example | None:
    """A call, something that means "gives", and a value."""
    text = document.text
    outer = _OUTER.search(text[head:start])
    if outer:
        start = head + outer.start()
        bracket = start + text[start:].index("(")
    if re.search(r"(?:[-+/%(\[{<>!\w]|\b(?:not|in|and|or)|(?<!\*)\*)\s*$", text[head:start]) and not re.search(
        r"(?:\s|^)(?:[(]|[a-z]+)\s*$|[A-Za-z]\s+$", text[head:start]
    ):
        return None
    end = closing(text, bracket)
    if end is None:
        return None
    actual = expression(text[start:end])
    if not isinstance(actual, ast.Call) or not _callable(document, actual):
        return None
    separator = _SEPARATOR.match(text, end)
    if separator is None:
        return _without_separator(document, start, end, actual)
    if separator.group().count("\n") > _LARGEST_GAP:
        return None
    value = value_at(text, separator.end(), bool(separator["near"] or separator["about"]))
    if value is None:
        return None
    return Example(start, actual, value.node, value.tolerance, value.parenthesised)


def _without_separator(document: Document, start: int, end: int, actual: ast.expr) -> Example | None:
    """`f([1]) [1]` with nothing else on the line."""
    gap = re.match(r"[ ]+(?=[\[({\"'\d-])", document.text[end:])
    if gap is None:
        return None
    value = value_at(document.text, end + gap.end())
    line_rest = document.text[value.end :].split("\n")[0] if value else "x"
    line_head = document.text[:start].split("\n")[-1]
    return Example(start, actual, value.node) if value and not (line_rest + line_head).strip() else None


def _callable(document: Document, actual: ast.expr) -> bool:
    calls = calls_of(actual, document.entry_point)
    fits = document.signature is None or all(map(document.signature.takes, calls))
    return bool(calls) and fits and document.closed(actual)


def _is_bracketed(line: str, expected: ast.expr) -> bool:
    if isinstance(expected, ast.Tuple):
        return False
    return re.search(r"==\s*\(([^()]*)\)[ .;,]*$", line) is not None


def _is_recurrence(document: Document) -> bool:
    """Whether the text defines the name by itself: `f(n) = f(n-1) + 1`."""
    name = re.escape(document.entry_point)
    pattern = rf"(?<!\w){name}\([^()\n]*[A-Za-z][^()\n]*\)\s*(?:=+|->|=>|:=|➞|→)[^\n]*(?<!\w){name}\([^()\n]*[A-Za-z]"
    return re.search(pattern, document.text) is not None


def _bare_words(document: Document) -> list[Example]:
    """`is_happy(abcd) => True`: strings without quotes, where the text is about strings and every call is so."""
    calls = list(_word_calls(document))
    signature = document.signature
    about_strings = re.search(r"\b(?:strings?|words?|texts?|letters|characters)\b", document.text)
    names = signature.names if signature else ()
    words = [word for _, word, _ in calls]
    if signature is None or len(names) != 1 or not about_strings or len(set(words)) < 3 or set(words) & set(names):
        return []
    total = len(re.findall(rf"(?<![\w.]){re.escape(document.entry_point)}\(", document.text))
    if total != len(calls):
        return []
    found = []
    for at, word, end in calls:
        separator = _SEPARATOR.match(document.text, end)
        value = value_at(document.text, separator.end()) if separator else None
        if value is None:
            return []
        call = ast.Call(ast.Name(document.entry_point, ast.Load()), [ast.Constant(word)], [])
        found.append(Example(at, call, value.node))
    return found


def _word_calls(document: Document) -> Iterator[tuple[int, str, int]]:
    for match in re.finditer(rf"(?<![\w.]){re.escape(document.entry_point)}\(([A-Za-z]+)\)", document.text):
        yield match.start(), match.group(1), match.end()
