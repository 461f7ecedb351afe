"""Examples in prose that name the arguments: `For x = 1 the output should be 2`, `Input: x = 1` with `Output: 2`."""

import ast
import re

from selfdebug.examples.document import Document, Example
from selfdebug.examples.literals import is_data, literal_at, value_at

_INTRODUCTION = re.compile(r"\b(?:[Ff]or|[Ii]f|[Ww]hen|[Gg]iven|[Ww]ith)\s+(?=`*[A-Za-z_]\w*`*\s*=(?!=))")
_RESULT = re.compile(
    r"\b(?:(?:the\s+)?(?:output|result|answer|return\s+value|(?:your\s+)?function|it|we|you|`*\w+`*(?:\(\))?)\s+"
    r"(?:(?:should|must|will|would)\s+(?:be|return|output|give)|is|returns|equals)|(?:should\s+|must\s+)?returns?)"
    r"\s*:?\s*`*(?=[\[({\"'\d+-]|True|False|None|true|false|set\()"
)
_INPUT = re.compile(r"\b[Ii]nputs?\s*\d*\s*[:=]\s*")
_OUTPUT = re.compile(r"\b(?:[Oo]utputs?|[Rr]esults?|[Ee]xpected(?:\s+[Oo]utput)?|[Rr]eturns?)\s*\d*\s*[:=]\s*`*")
_NAMED = re.compile(r"`*([A-Za-z_]\w*)`*\s*(?:[=:]\s*|(?=[\[]))")
_BETWEEN = re.compile(r"`*(?:\s*(?:,|;|\band\b)\s*|\s*\n\s*|\s*)`*")
_LINE = re.compile(r"^[ ]*(?:[-*]\s+)?([A-Za-z_]\w*)\s*(?:=(?!=)\s*|(?=\[))", re.M)
_RETURN_LINE = re.compile(r"^[ ]*(?:[-=]*>\s*)?(?:returns?|result|output|answer|ans)\s*[=:]?\s*", re.M | re.I)

Arguments = list[tuple[str, ast.expr]]


def assigned_examples(document: Document) -> list[Example]:
    """Examples of the first of these styles that the text uses. They need the signature."""
    if document.signature is None:
        return []
    return _input_output(document) or _sentences(document) or _blocks(document)


def _sentences(document: Document) -> list[Example]:
    """`For lst = [1,2,3] the output should be 14`."""
    text = document.text
    found = []
    starts = list(_INTRODUCTION.finditer(text))
    for index, start in enumerate(starts):
        arguments, end = _arguments(text, start.end(), named=True)
        stop = starts[index + 1].start() if index + 1 < len(starts) else len(text)
        blank = re.search(r"\n\s*\n", text[end:stop])
        said = text[end : end + blank.start() if blank else stop]
        results = list(_RESULT.finditer(said))
        value = value_at(text, end + results[-1].end()) if results else None
        example = _build(document, start.start(), arguments, value.node if value else None)
        if example:
            found.append(example)
    return found


def _input_output(document: Document) -> list[Example]:
    """`Input: grid = [[1]], k = 3` and `Output: [1]`, on one line or on several."""
    text = document.text
    found = []
    starts = list(_INPUT.finditer(text))
    for index, start in enumerate(starts):
        stop = starts[index + 1].start() if index + 1 < len(starts) else len(text)
        output = _OUTPUT.search(text, start.end(), stop)
        if output is None:
            continue
        arguments, end = _arguments(text[: output.start()], start.end())
        if text[end : output.start()].strip(" \n,;.`->=*#"):
            continue
        value = value_at(text, output.end())
        example = _build(document, start.start(), arguments, value.node if value else None)
        if example:
            found.append(example)
    return found


def _blocks(document: Document) -> list[Example]:
    """Lines that assign the arguments, and below them a line that says the result."""
    text = document.text
    found: list[Example] = []
    assigned: Arguments = []
    first = 0
    position = 0
    assert document.signature is not None
    while True:
        assignment, result = _LINE.search(text, position), _RETURN_LINE.search(text, position)
        at_assignment = assignment is not None and (result is None or assignment.start() < result.start())
        match = assignment if at_assignment else result
        if match is None:
            return found
        value = value_at(text, match.end())
        position = match.end()
        if value is None:
            continue
        if at_assignment:
            first = first if assigned else match.start()
            assigned.append((match.group(1), value.node))
        elif assigned:
            example = _build(document, first, assigned, value.node)
            found += [example] if example else []
            assigned = []


def _arguments(text: str, at: int, named: bool = False) -> tuple[Arguments, int]:
    """Values from `at` on, each with the name it is given or none, and where they end."""
    arguments: Arguments = []
    end = position = at
    while True:
        name = _NAMED.match(text, position)
        if name is None and named:
            return arguments, end
        value = literal_at(text, name.end() if name else position)
        if value is None:
            return arguments, end
        arguments.append((name.group(1) if name else "", value[0]))
        end = value[1]
        between = _BETWEEN.match(text, end)
        assert between is not None
        position = between.end()
        if position == end:
            return arguments, end


def _build(document: Document, at: int, arguments: Arguments, expected: ast.expr | None) -> Example | None:
    """The call, if each argument is known for what it is: by its name, or all of them by their order."""
    signature = document.signature
    if signature is None or expected is None or not arguments or not is_data(expected):
        return None
    names = [name for name, _ in arguments]
    if len(set(names) - {""}) != len([name for name in names if name]):
        return None
    by_name = dict(arguments)
    if set(names) <= set(signature.names):
        ordered = [by_name[name] for name in signature.names if name in by_name]
        if [name for name in signature.names if name in by_name] != list(signature.names[: len(ordered)]):
            return None
    else:
        # A name that the signature has must stand where the signature has it; the others go by their place.
        for name, place in zip(names, signature.names, strict=False):
            if name in signature.names and name != place:
                return None
        ordered = [value for _, value in arguments]
        if len(ordered) != len(signature.names):
            return None
    call = ast.Call(ast.Name(document.entry_point, ast.Load()), ordered, [])
    return Example(at, call, expected) if signature.takes(call) else None
