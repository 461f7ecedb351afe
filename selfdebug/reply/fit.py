"""Fitting a parsed program to its problem: the signature, the entry point's name, what the context defines."""

import ast
import re
import textwrap

from selfdebug.problem import Problem
from selfdebug.reply.leftovers import is_test_name
from selfdebug.syntax import (
    FUNCTIONS,
    Function,
    bindings,
    complete,
    find_function,
    is_stub,
    line_span,
    module_names,
    parse,
    source_lines,
    spans_text,
    try_parse,
    unbound_names,
    used_names,
)


def fit(code: str, problem: Problem) -> tuple[str, list[str]]:
    """The program with its entry point under the right name and with what it uses of the context, and what was done."""
    notes: list[str] = []
    if problem.entry_point:
        for step in (_with_alias, _renamed):
            tree = try_parse(code)
            if tree is None or problem.entry_point in module_names(tree):
                break
            code, made = step(code, tree, problem)
            notes += made
    code, made = _with_context(code, problem)
    return code, notes + made


def completed_body(code: str, tree: ast.Module | None, problem: Problem) -> str | None:
    """The context with the code as its open function's body, where the code is such a body."""
    name = problem.entry_point
    if not name or re.search(rf"\b(?:def|class)\s+{re.escape(name)}\b", code) or not _is_open(problem.context, name):
        return None
    indented = code.lstrip("\r\n")[:1] in (" ", "\t")
    if tree is not None and not indented and not _is_body(tree):
        return None
    context = problem.context.rstrip() + "\n"
    body = code.strip("\r\n").rstrip() + "\n"
    first, _, rest = body.partition("\n")
    for text in (
        body if indented else "",
        textwrap.indent(textwrap.dedent(body.expandtabs(4)), "    "),
        "    " + first.strip() + "\n" + rest,
    ):
        whole = try_parse(context + text) if text.strip() else None
        function = find_function(whole, name) if whole else None
        if function is not None and not is_stub(function):
            return context + text
    return None


def method_holder(tree: ast.Module, name: str) -> tuple[ast.ClassDef, Function] | None:
    """A class around the function, and the method that is it."""
    for node in tree.body:
        for method in node.body if isinstance(node, ast.ClassDef) else ():
            if isinstance(method, FUNCTIONS) and isinstance(node, ast.ClassDef) and _alike(method.name, name):
                return node, method
    return None


def _is_open(context: str, name: str) -> bool:
    text = complete(context) if context.strip() else None
    tree = parse(text) if text else None
    last = tree.body[-1] if tree and tree.body else None
    return isinstance(last, FUNCTIONS) and last.name == name and is_stub(last)


def _is_body(tree: ast.Module) -> bool:
    """Whether statements can only be a function's body: they return, or they define nothing at all."""
    if any(isinstance(node, ast.Return) for node in _own_nodes(tree)):
        return True
    return not any(isinstance(node, (*FUNCTIONS, ast.ClassDef, ast.Import, ast.ImportFrom)) for node in tree.body)


def _own_nodes(tree: ast.Module) -> list[ast.AST]:
    """Nodes outside of functions and classes."""
    found: list[ast.AST] = []
    pending: list[ast.AST] = list(tree.body)
    while pending:
        node = pending.pop()
        found.append(node)
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef, ast.Lambda)):
            pending += ast.iter_child_nodes(node)
    return found


def _alike(one: str, other: str) -> bool:
    """The same name in another style: `is_prime`, `isPrime`."""
    return one.replace("_", "").lower() == other.replace("_", "").lower()


def _with_alias(code: str, tree: ast.Module, problem: Problem) -> tuple[str, list[str]]:
    """Give a method a name at the module's level."""
    found = method_holder(tree, problem.entry_point)
    if found is None:
        return code, []
    holder, method = found
    decorators = used_names(method.decorator_list)
    takes_self = bool(method.args.args) and method.args.args[0].arg == "self" and "staticmethod" not in decorators
    owner = f"{holder.name}()" if takes_self else holder.name
    alias = f"{problem.entry_point} = {owner}.{method.name}\n"
    note = f"{problem.entry_point} is a method of class {holder.name}; a name for it was added at the end."
    return code.rstrip() + "\n\n\n" + alias, [note]


def _renamed(code: str, tree: ast.Module, problem: Problem) -> tuple[str, list[str]]:
    """Rename the one function that can be meant."""
    old, new = _meant(tree, problem), problem.entry_point
    if not old:
        return code, []
    note = f"The function was called {old}; it was renamed to {new}."
    changed = _replace_name(code, tree, old, new)
    if changed is None:
        return f"{code.rstrip()}\n\n\n{new} = {old}\n", [f"The function is called {old}; the name {new} was added."]
    return changed, [note]


def _meant(tree: ast.Module, problem: Problem) -> str:
    given = _context_names(problem)
    functions = [
        node
        for node in tree.body
        if isinstance(node, FUNCTIONS) and not is_test_name(node.name) and node.name not in given | {"main"}
    ]
    names = list(dict.fromkeys(node.name for node in functions))
    alike = [name for name in names if _alike(name, problem.entry_point)]
    if len(alike) == 1:
        return alike[0]
    helpers = {name for node in functions for name in used_names([node]) if name != node.name}
    meant = [name for name in names if name not in helpers]
    return meant[0] if len(meant) == 1 else ""


def _replace_name(code: str, tree: ast.Module, old: str, new: str) -> str | None:
    """Every use of a module-level name replaced; None where the name also means something else."""
    for node in ast.walk(tree):
        stored = isinstance(node, ast.Name) and node.id == old and not isinstance(node.ctx, ast.Load)
        argument = isinstance(node, ast.arg) and node.arg == old
        if stored or argument or (isinstance(node, ast.alias) and old in (node.name, node.asname)):
            return None
    lines = [line.encode() for line in source_lines(code)]
    spots = {(node.lineno, node.col_offset) for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == old}
    for node in ast.walk(tree):
        if isinstance(node, FUNCTIONS) and node.name == old:
            head = re.compile(rb"(?:async\s+)?def\s+").match(lines[node.lineno - 1], node.col_offset)
            if head is None:
                return None
            spots.add((node.lineno, head.end()))
    for number, column in sorted(spots, reverse=True):
        line = lines[number - 1]
        # Before Python 3.12 a name within an f-string has no true position.
        if line[column : column + len(old.encode())] != old.encode():
            return None
        lines[number - 1] = line[:column] + new.encode() + line[column + len(old.encode()) :]
    changed = b"".join(lines).decode()
    return changed if try_parse(changed) is not None else None


def _with_context(code: str, problem: Problem) -> tuple[str, list[str]]:
    """Put before the program the imports and helpers of the context that it uses and does not have."""
    tree = try_parse(code)
    source = complete(problem.context) if problem.context.strip() else None
    if tree is None or source is None:
        return code, []
    wanted = unbound_names(tree)
    needed: list[ast.stmt] = []
    body = [node for node in parse(source).body if problem.entry_point not in bindings(node)]
    while more := [node for node in body if node not in needed and bindings(node) & wanted]:
        needed += more
        wanted |= used_names(more)
    if not needed:
        return code, []
    needed = [node for node in body if node in needed]
    text = spans_text(source, needed)
    names = sorted({name for node in needed for name in bindings(node)})
    lines = source_lines(code)
    at = _after_future_imports(tree)
    gap = "\n\n" if not at else ""
    return "".join([*lines[:at], text, gap, *lines[at:]]), [f"From the problem's code was added: {', '.join(names)}."]


def _after_future_imports(tree: ast.Module) -> int:
    """Lines that must stay first."""
    ends = [
        line_span(node)[1] for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"
    ]
    return max(ends, default=0)


def _context_names(problem: Problem) -> set[str]:
    source = complete(problem.context) if problem.context.strip() else None
    return module_names(parse(source)) if source else set()
