"""Examples in doctest style."""

import ast
import re
from dataclasses import dataclass

from selfdebug.examples.document import Document, Example, calls_of
from selfdebug.examples.literals import expression, is_data
from selfdebug.syntax import try_parse

_PROMPT = re.compile(r"[ ]*>>>(?: |$)(.*)")
_MORE = re.compile(r"[ ]*\.\.\.(?: |$)(.*)")
_IMMUTABLE = (ast.Constant, ast.UnaryOp)


@dataclass(frozen=True)
class _Step:
    """One `>>>` statement with what it prints, and the range of the text that both take."""

    at: int
    source: str
    want: tuple[str, ...]
    end: int


def doctest_examples(document: Document) -> tuple[list[Example], str]:
    """The examples, and the text with all that was understood of them blanked out."""
    text = document.text
    found: list[Example] = []
    values: dict[str, ast.expr] = {}
    steps = _steps(text)
    # In a text whose examples never show an output, no output does not mean None.
    silent_is_none = any(step.want for step in steps)
    for step in steps:
        example = _example(step, document, values, silent_is_none)
        if example is not None:
            found.append(example)
            text = text[: step.at] + re.sub(r"[^\n]", " ", text[step.at : step.end]) + text[step.end :]
    return found, re.sub(r"^([ ]*)>>>", r"\1   ", text, flags=re.M)


def _steps(text: str) -> list[_Step]:
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    steps = []
    index = 0
    while index < len(lines):
        first = index
        prompt = _PROMPT.match(lines[index])
        index += 1
        if prompt is None:
            continue
        source = [prompt.group(1)]
        while index < len(lines) and (more := _MORE.match(lines[index])):
            source.append(more.group(1))
            index += 1
        want = []
        while index < len(lines) and lines[index].strip() and not _PROMPT.match(lines[index]):
            want.append(lines[index].strip())
            index += 1
        steps.append(_Step(starts[first], "\n".join(source), tuple(want), starts[index] - 1))
    return steps


def _example(step: _Step, document: Document, values: dict[str, ast.expr], silent_is_none: bool) -> Example | None:
    tree = try_parse(step.source)
    if tree is None or len(tree.body) != 1:
        return None
    statement = tree.body[0]
    if isinstance(statement, ast.Assign):
        _remember(statement, document, values)
        return None
    if isinstance(statement, ast.Assert):
        return _claim(step, _inlined(statement.test, values), document)
    if not isinstance(statement, ast.Expr):
        values.clear()  # a loop or a deletion: nothing is known about the names any more
        return None
    actual = _inlined(statement.value, values)
    if isinstance(actual, ast.Compare) and step.want in ((), ("True",)):
        return _claim(step, actual, document)
    actual, want = _printed(actual, step.want)
    if not _calls(actual, document):
        return None
    if not step.want:
        bare = calls_of(actual, document.entry_point)[0] is actual and "#" not in step.source
        return Example(step.at, actual, ast.Constant(None)) if bare and silent_is_none else None
    expected = want or _want(step.want)
    return Example(step.at, actual, expected) if expected is not None else None


def _claim(step: _Step, test: ast.expr, document: Document) -> Example | None:
    """An example that is itself a comparison."""
    if not _calls(test, document) or not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return None
    left, right = test.left, test.comparators[0]
    if not isinstance(test.ops[0], ast.Eq):
        return Example(step.at, test) if is_data(right) else None
    if is_data(left):
        left, right = right, left
    return Example(step.at, left, right) if is_data(right) else None


def _calls(node: ast.expr, document: Document) -> bool:
    """Whether it calls the entry point as it can be called, and uses only names that are there."""
    calls = calls_of(node, document.entry_point)
    fits = document.signature is None or all(map(document.signature.takes, calls))
    return bool(calls) and fits and document.closed(node)


def _want(lines: tuple[str, ...]) -> ast.expr | None:
    """The value shown. Text may follow it without a blank line, but a second value means that something is printed."""
    for count in range(1, len(lines) + 1):
        node = expression("\n".join(lines[:count]))
        if node is not None and is_data(node):
            following = expression(lines[count]) if count < len(lines) else None
            return None if following is not None and is_data(following) else node
    return None


def _printed(actual: ast.expr, want: tuple[str, ...]) -> tuple[ast.expr, ast.expr | None]:
    """`print(f(x))` shows the text of a value: compare that."""
    is_print = isinstance(actual, ast.Call) and isinstance(actual.func, ast.Name) and actual.func.id == "print"
    if not (is_print and isinstance(actual, ast.Call) and len(actual.args) == 1 and not actual.keywords and want):
        return actual, None
    text = ast.Call(ast.Name("str", ast.Load()), actual.args, [])
    return text, ast.Constant("\n".join(want))


def _remember(statement: ast.Assign, document: Document, values: dict[str, ast.expr]) -> None:
    """Keep `name = value`, so that the name can be replaced by its value where an example uses it."""
    value = _inlined(statement.value, values)
    for target in statement.targets:
        if isinstance(target, ast.Name) and document.closed(value):
            values[target.id] = value
        else:
            for name in ast.walk(target):
                if isinstance(name, ast.Name):
                    values.pop(name.id, None)


def _inlined(node: ast.expr, values: dict[str, ast.expr]) -> ast.expr:
    """The expression with known names replaced. A list that it hands to a call may change, and is forgotten."""
    calls = [item for item in ast.walk(node) if isinstance(item, ast.Call)]
    handed = {name.id for call in calls for name in ast.walk(call) if isinstance(name, ast.Name)}
    result = _Inline(values).visit(node)
    for name in handed & values.keys():
        if not isinstance(values[name], _IMMUTABLE):
            del values[name]
    assert isinstance(result, ast.expr)
    return result


class _Inline(ast.NodeTransformer):
    def __init__(self, values: dict[str, ast.expr]) -> None:
        self._values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._values.get(node.id, node) if isinstance(node.ctx, ast.Load) else node
