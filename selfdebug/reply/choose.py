"""Which of a reply's blocks is the program, and what it needs from the others."""

import ast
import re
from dataclasses import dataclass

from selfdebug.problem import Problem
from selfdebug.reply.blocks import Block
from selfdebug.reply.fit import completed_body, method_holder
from selfdebug.reply.salvage import Salvaged, salvage
from selfdebug.syntax import (
    FUNCTIONS,
    bindings,
    find_function,
    is_stub,
    module_names,
    spans_text,
    statements,
    try_parse,
    unbound_names,
    used_names,
)


@dataclass(frozen=True)
class Piece:
    """One block, made to parse where that was possible."""

    code: str
    tree: ast.Module | None
    notes: tuple[str, ...] = ()
    is_python: bool = True

    @classmethod
    def of(cls, block: Block, problem: Problem) -> "Piece":
        """A block as a piece: a function's body is joined with the problem's signature."""
        return cls.of_text(salvage(block.text, problem.entry_point), problem, block.is_python)

    @classmethod
    def of_text(cls, text: Salvaged, problem: Problem, is_python: bool = True) -> "Piece":
        whole = completed_body(text.code, text.tree, problem)
        if whole is None:
            return cls(text.code, text.tree, text.notes, is_python)
        note = "The reply held only the function's body; it was joined with the signature."
        return cls(whole, try_parse(whole), (*text.notes, note), is_python)


def choose(pieces: list[Piece], problem: Problem) -> Piece:
    """The piece that is the program: the last of those that fit best."""
    return max(enumerate(pieces), key=lambda item: (_fitness(item[1], problem), item[0]))[1]


def with_helpers(code: str, chosen: Piece, pieces: list[Piece]) -> tuple[str, list[str]]:
    """Put definitions before the code that it uses and only another block has."""
    tree = try_parse(code)
    if tree is None:
        return code, []
    others = [piece for piece in pieces if piece is not chosen and piece.tree is not None and piece.is_python]
    missing = unbound_names(tree)
    taken = []
    for piece in reversed(others):
        assert piece.tree is not None
        needed = _defining(piece.tree, missing)
        if needed:
            taken.append(spans_text(piece.code, needed))
            missing -= {name for node in needed for name in bindings(node)}
    if not taken:
        return code, []
    return "\n\n".join([*reversed(taken), code]), ["Definitions from another code block were put before it."]


def _defining(tree: ast.Module, names: set[str]) -> list[ast.stmt]:
    """The statements that bind the names, and those that these need in turn, in order."""
    wanted = set(names)
    needed: list[ast.stmt] = []
    while True:
        more = [node for node in tree.body if node not in needed and bindings(node) & wanted]
        if not more:
            return [node for node in tree.body if node in needed]
        needed += more
        wanted |= used_names(more)


def _fitness(piece: Piece, problem: Problem) -> int:
    name = problem.entry_point
    if piece.tree is None:
        broken = bool(name) and re.search(rf"\b(?:def|class)\s+{re.escape(name)}\b", piece.code) is not None
        return 4 if broken else int(piece.is_python)
    if not name:
        return _program_fitness(piece)
    if name in module_names(piece.tree):
        function = find_function(piece.tree, name)
        return 5 if function is not None and is_stub(function) else 6
    if method_holder(piece.tree, name):
        return 5
    if any(isinstance(node, FUNCTIONS) and not is_stub(node) for node in piece.tree.body):
        return 3
    return 2 if piece.is_python and piece.tree.body else 0


def _program_fitness(piece: Piece) -> int:
    """For a whole program: one that reads and prints, else one that does anything."""
    assert piece.tree is not None
    if not piece.is_python:
        return 0
    names = used_names([piece.tree])
    talks = bool(names & {"input", "sys", "open"}) + ("print" in names or "sys" in names)
    return 2 + talks + any(not isinstance(node, ast.Expr) for node in statements(piece.tree.body))
