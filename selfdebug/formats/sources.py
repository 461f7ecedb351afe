"""Checks of the Python that problems carry, and what follows from it: the entry point, the context."""

import ast
import keyword
import re

from selfdebug.formats.read import Row, fail, quoted
from selfdebug.syntax import (
    BUILTINS,
    FUNCTIONS,
    complete,
    find_function,
    is_stub,
    module_names,
    parse,
    try_parse,
)


def require_identifier(row: Row, place: str, name: str) -> str:
    """The name, if it can be defined in Python."""
    if not name.isidentifier() or keyword.iskeyword(name):
        fail(row, place, f"expected a Python name such as 'add', found {quoted(name)}")
    return name


def require_assert(row: Row, place: str, source: str) -> str:
    """The source, if it is one assert statement."""
    expected = "expected one assert statement such as 'assert add(1, 2) == 3'"
    tree = _parsed(row, place, source, expected)
    if len(tree.body) != 1 or not isinstance(tree.body[0], ast.Assert):
        found = f"{len(tree.body)} statements" if len(tree.body) != 1 else "another statement"
        fail(row, place, f"{expected}, found {found}: {quoted(source)}")
    return source


def require_check(row: Row, place: str, source: str) -> str:
    """The source, if it defines `check(candidate)` and that does something."""
    tree = _parsed(row, place, source, "expected source that defines check(candidate)")
    function = find_function(tree, "check")
    if function is None:
        fail(row, place, "expected source that defines check(candidate), found no function of that name")
    arguments = function.args
    if not (arguments.posonlyargs or arguments.args or arguments.vararg):
        fail(row, place, "expected check(candidate) with one parameter, found check()")
    if is_stub(function):
        fail(row, place, "check(candidate) is empty; expected at least one assert in it")
    return source


def require_pytest(row: Row, place: str, source: str) -> str:
    """The source, if it has a test function that pytest would collect."""
    tree = _parsed(row, place, source, "expected a pytest-style file")
    if not any(isinstance(node, FUNCTIONS) and node.name.startswith("test") for node in ast.walk(tree)):
        fail(row, place, "expected at least one test function (def test_...), found none")
    return source


def require_program(row: Row, place: str, source: str) -> str:
    """The source, if it parses."""
    _parsed(row, place, source, "expected Python source")
    return source


def parses(source: str) -> bool:
    """Whether the source is Python."""
    return try_parse(source) is not None


def open_function(context: str) -> str:
    """The function that a context leaves to be written: the only one, or the last one without a body."""
    text = complete(context)
    if text is None:
        return ""
    functions = [node for node in parse(text).body if isinstance(node, FUNCTIONS)]
    if len(functions) == 1:
        return functions[0].name
    stubs = [node.name for node in functions if is_stub(node)]
    return stubs[0] if len(stubs) == 1 else ""


def called_in_asserts(asserts: tuple[str, ...], setup: str, context: str) -> list[str]:
    """Names that the asserts call and nothing but a solution can define, those used by every assert first."""
    known = set(BUILTINS)
    for source in (setup, complete(context) or ""):
        tree = try_parse(source)
        if tree is not None:
            known |= module_names(tree)
    known -= {open_function(context)}
    used = [_called(parse(source), known) for source in asserts]
    if not any(used):
        # A solution may be named like a builtin (MBPP has a `sum`); that shows where nothing else is called.
        used = [_called(parse(source), set()) for source in asserts]
    counts = {name: sum(name in names for names in used) for names in used for name in names}
    everywhere = sorted(name for name, count in counts.items() if count == len(asserts))
    return everywhere or sorted(counts)


def called_check(source: str) -> str:
    """`f`, where the source itself says `check(f)`."""
    tree = try_parse(source)
    names = {
        node.args[0].id
        for node in (ast.walk(tree) if tree else ())
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "check"
        and len(node.args) == 1
        and isinstance(node.args[0], ast.Name)
    }
    return names.pop() if len(names) == 1 else ""


def imported_from(source: str, module: str) -> list[str]:
    """Names that the source imports from the module, in order."""
    tree = try_parse(source)
    names = [
        alias.name
        for node in (ast.walk(tree) if tree else ())
        if isinstance(node, ast.ImportFrom) and node.module == module
        for alias in node.names
        if alias.name != "*"
    ]
    return list(dict.fromkeys(names))


def whole_program(prompt: str, solution: str, entry_point: str) -> str:
    """A reference solution as a program: some data sets give the function, HumanEval only its body."""
    tree = try_parse(solution)
    if not solution or (tree is not None and entry_point in module_names(tree)):
        return solution
    return prompt + solution


def defined(source: str) -> set[str]:
    """Names that a program defines."""
    tree = try_parse(source)
    return module_names(tree) if tree else set()


def mentions(source: str, name: str) -> bool:
    """Whether the source uses the name in any way."""
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", source) is not None


def _parsed(row: Row, place: str, source: str, expected: str) -> ast.Module:
    try:
        return parse(source)
    except SyntaxError as error:
        where = f" (line {error.lineno}: {quoted((error.text or '').strip())})" if error.lineno else ""
        fail(row, place, f"{expected}; it does not parse: {error.msg}{where}")


def _called(tree: ast.Module, known: set[str]) -> set[str]:
    """Unknown functions that are called by their bare names, those that only make another's arguments aside."""
    names = set()
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id not in known:
            names.add(node.func.id)
        else:
            pending += ast.iter_child_nodes(node)
    return names
