"""Reading Python text that may be anything: parsing that fails in one way only, and who binds which name.

Nothing here runs or compiles code.
"""

import ast
import builtins
import re
import threading
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

BUILTINS = frozenset(dir(builtins)) | {"__name__", "__file__", "__doc__"}
MAX_SOURCE_CHARS = 1_000_000
_WARNINGS = threading.Lock()

Function = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
BINDING_BLOCKS = (ast.If, ast.Try, ast.TryStar, ast.With, ast.For, ast.While)


@contextmanager
def silently() -> Iterator[None]:
    """Parse and compile without a warning. Not to be entered twice by one thread."""
    # The filters are the process's, not the thread's; the lock keeps two of these from restoring each other's.
    with _WARNINGS, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def parse(source: str) -> ast.Module:
    """Parse a program, silently.

    Raises:
        SyntaxError: It does not parse, for whatever reason: too deep, too large, null bytes and lone surrogates too.
    """
    if len(source) > MAX_SOURCE_CHARS:
        raise SyntaxError(f"longer than {MAX_SOURCE_CHARS} characters")
    try:
        with silently():
            return ast.parse(source)
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError | MemoryError) else str(error)
        raise SyntaxError(reason) from error


def try_parse(source: str) -> ast.Module | None:
    """Parse a program; None where it does not parse."""
    try:
        return parse(source)
    except SyntaxError:
        return None


def unparse(node: ast.AST) -> str:
    """The node as canonical source.

    Raises:
        SyntaxError: It is nested too deeply to be written.
    """
    try:
        return ast.unparse(node)
    except (RecursionError, MemoryError, ValueError) as error:
        raise SyntaxError("nested too deeply") from error


def complete(source: str) -> str | None:
    """The source, or the source with `pass` where it ends in an open function; None where neither parses."""
    for text in (source, source.rstrip() + "\n    pass\n"):
        if try_parse(text) is not None:
            return text
    return None


def is_main_guard(node: ast.stmt) -> bool:
    """Whether the statement is `if __name__ == "__main__":`."""
    return isinstance(node, ast.If) and any(
        isinstance(name, ast.Name) and name.id == "__name__" for name in ast.walk(node.test)
    )


def statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run in the same scope, those within if, try, with, for and while included; no main guards."""
    pending = list(body)[::-1]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, BINDING_BLOCKS) and not is_main_guard(node):
            inner = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
            for handler in getattr(node, "handlers", []):
                inner += handler.body
            pending += inner[::-1]


def bindings(node: ast.stmt) -> set[str]:
    """Names that one statement binds in its own scope, nested statements aside."""
    if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    targets: list[ast.AST] = []
    if isinstance(node, ast.Assign):
        targets += node.targets
    elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.For):
        targets.append(node.target)
    elif isinstance(node, ast.With):
        targets += [item.optional_vars for item in node.items if item.optional_vars is not None]
    return {
        name.id
        for target in targets
        for name in ast.walk(target)
        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
    }


def module_names(tree: ast.Module) -> set[str]:
    """Names that the module binds when it is imported."""
    return {name for node in statements(tree.body) for name in bindings(node)}


def used_names(nodes: Iterable[ast.AST]) -> set[str]:
    """Names that are read anywhere within the nodes."""
    return {
        name.id
        for node in nodes
        for name in ast.walk(node)
        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Load)
    }


def unbound_names(tree: ast.Module) -> set[str]:
    """Names that are read but bound nowhere in the program, in whatever scope, and that are no builtins."""
    bound: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            bound |= bindings(node)
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            bound.add(node.id)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            bound.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            bound.add(node.rest)
    return used_names([tree]) - bound - BUILTINS


def is_docstring(node: ast.stmt) -> bool:
    """Whether the statement is a bare string."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def is_stub(function: Function) -> bool:
    """Whether the body holds nothing but a docstring, `pass`, `...` or `raise NotImplementedError`."""

    def empty(node: ast.stmt) -> bool:
        if isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            return True
        return isinstance(node, ast.Raise) and "NotImplementedError" in used_names([node])

    return all(empty(node) for node in function.body)


def find_function(tree: ast.Module, name: str) -> Function | None:
    """The last function of that name which the module binds."""
    found = [node for node in statements(tree.body) if isinstance(node, FUNCTIONS) and node.name == name]
    return found[-1] if found else None


def source_lines(source: str) -> list[str]:
    """The lines as the parser counts them (`str.splitlines` breaks at form feeds and the like too), ends kept."""
    return re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", source)


def line_span(node: ast.stmt) -> tuple[int, int]:
    """First and last line of a statement, 1-based, decorators included."""
    first = min([node.lineno, *(item.lineno for item in getattr(node, "decorator_list", []))])
    return first, node.end_lineno or node.lineno


def spans_text(source: str, nodes: Iterable[ast.stmt]) -> str:
    """The statements' whole source lines, one after the other."""
    lines = source_lines(source)
    return "".join("".join(lines[first - 1 : last]).rstrip() + "\n" for first, last in map(line_span, nodes))
