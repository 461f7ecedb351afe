"""What a program's flow shows before it runs: statements that are never reached, functions that return nothing."""

import ast
from collections.abc import Iterator
from itertools import pairwise

from selfdebug.syntax import FUNCTIONS, Function, used_names

_LEAVING = (ast.Return, ast.Raise, ast.Break, ast.Continue)


def unreachable(tree: ast.Module) -> Iterator[tuple[ast.stmt, ast.stmt]]:
    """The first statement behind one that never goes on, and that one."""
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if not isinstance(block, list):
                continue
            for before, behind in pairwise(block):
                if leaves(before):
                    if not _makes_generator(behind):
                        yield behind, before
                    break


def leaves(node: ast.stmt) -> bool:
    """Whether a statement never goes on to the next one."""
    if isinstance(node, _LEAVING):
        return True
    if isinstance(node, ast.If):
        return bool(node.orelse) and _ends(node.body) and _ends(node.orelse)
    if isinstance(node, ast.While):
        always = isinstance(node.test, ast.Constant) and bool(node.test.value)
        return always and not any(isinstance(part, ast.Break) for part in _of_loop(node.body))
    return False


def _ends(block: list[ast.stmt]) -> bool:
    return any(leaves(node) for node in block)


def _of_loop(block: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements in a loop's body whose `break` would end this loop, or may."""
    for node in block:
        yield node
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            continue
        inner = [part for part in ast.walk(node) if isinstance(part, ast.stmt) and part is not node]
        if isinstance(node, ast.For | ast.AsyncFor | ast.While):
            inner = list(_of_loop(node.orelse))
        yield from inner


def _makes_generator(node: ast.stmt) -> bool:
    """Whether it may stand there to make its function a generator."""
    return any(isinstance(part, ast.Yield | ast.YieldFrom) for part in ast.walk(node))


def returns_nothing(function: Function) -> bool:
    """Whether a function's result can only be None, and it does not seem to work on its arguments in place."""
    arguments = {node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)}
    pending: list[ast.AST] = list(function.body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom) or (isinstance(node, ast.Return) and node.value is not None):
            return False
        if _changes(node, arguments):
            return False
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef, ast.Lambda)):
            pending += ast.iter_child_nodes(node)
    return True


def _changes(node: ast.AST, arguments: set[str]) -> bool:
    """Whether a part of a function may change one of its arguments: by an index, an attribute, or a call for effect."""
    if isinstance(node, ast.Subscript | ast.Attribute) and not isinstance(node.ctx, ast.Load):
        return bool(used_names([node.value]) & arguments)
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return False
    called = node.value.func
    return not (isinstance(called, ast.Name) and called.id == "print") and bool(used_names([node]) & arguments)
