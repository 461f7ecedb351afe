"""A program's basic blocks: runs of statements that are entered at their beginning and left at their end alone.

As in Zhong et al., "Debug like a Human" (LDB, Findings of ACL 2024), section 3: the nodes of the control-flow graph.
They are taken from the syntax tree. What stands on one line is never taken apart, because a trace knows only lines.
"""

import ast
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_ENDS = (ast.Return, ast.Raise, ast.Break, ast.Continue)


@dataclass(frozen=True)
class Part:
    """A statement of a block, or the head of a compound one: its lines, from 1, both included.

    Attributes:
        repeats: It may run its line again and again by itself: it holds a comprehension, which newer interpreters run
            in place.
        closes: Its line comes once more at the end of what follows it: it is the head of a `with`.
    """

    first: int
    last: int
    repeats: bool = False
    closes: bool = False


@dataclass(frozen=True)
class Block:
    """A basic block.

    Attributes:
        function: The bare name of the function or class that it stands in; `<module>` for the program's top level.
        parts: What it consists of, in order.
        names: The names that it uses, in the order of their first use.
        defines: It holds nothing but imports and definitions.
        decides: What it ends with: `if`, `while` or `for`; empty where it only goes on.
        body: The first and the last line of what then runs if it is so.
        targets: What a `for` gives values to.
    """

    function: str
    parts: tuple[Part, ...]
    names: tuple[str, ...] = ()
    defines: bool = False
    decides: str = ""
    body: tuple[int, int] = (0, 0)
    targets: tuple[str, ...] = ()

    @property
    def first(self) -> int:
        return self.parts[0].first

    @property
    def last(self) -> int:
        return self.parts[-1].last

    def part_at(self, line: int) -> int:
        """The index of the part that holds a line."""
        return next((index for index, part in enumerate(self.parts) if line <= part.last), len(self.parts) - 1)


def split(program: str) -> tuple[Block, ...]:
    """The program's basic blocks, ordered by their first lines; none of one that does not parse."""
    splitter = _Splitter()
    try:
        splitter.scope("<module>", _parsed(program).body)
    except RecursionError:
        return ()
    return tuple(sorted(splitter.blocks, key=lambda block: (block.first, block.last)))


def parameters(program: str) -> dict[tuple[str, int], frozenset[str]]:
    """What each function takes, by its bare name and the line where its definition begins, decorators included."""
    found = {}
    for node in ast.walk(_parsed(program)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            found[node.name, first] = frozenset(each.arg for each in ast.walk(node.args) if isinstance(each, ast.arg))
    return found


def _parsed(program: str) -> ast.Module:
    """The syntax tree; an empty one of a program that does not parse."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd literals and escapes, which are the program's own business
            return ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


class _Splitter:
    """Goes through the statements in their order, and cuts where control may branch or join."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._function = ""
        self._parts: list[Part] = []
        self._nodes: list[ast.AST] = []
        self._defines = True
        self._decides, self._within = "", (0, 0)
        self._targets: tuple[str, ...] = ()

    def scope(self, name: str, body: list[ast.stmt]) -> None:
        """Split a body that runs by itself."""
        outer = self._function, self._parts, self._nodes, self._defines
        self._function, self._parts, self._nodes, self._defines = name, [], [], True
        self._flow(body, True)
        self._cut()
        self._function, self._parts, self._nodes, self._defines = outer

    def _decide(self, word: str, body: list[ast.stmt]) -> None:
        """The block at hand ends with a decision on a body."""
        first = body[0].lineno
        if first > self._parts[-1].last:
            self._decides, self._within = word, (first, body[-1].end_lineno or first)

    def _flow(self, body: Iterable[ast.stmt], leads: bool) -> bool:
        """Split statements that follow each other. Whether what comes after them begins a block.

        Args:
            leads: Whether the first one does.
        """
        for node in body:
            leads = self._statement(node, leads)
        return leads

    def _statement(self, node: ast.stmt, leads: bool) -> bool:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                defaults = [default for default in [*node.args.defaults, *node.args.kw_defaults] if default]
                self._define(node, [node.args, *([node.returns] if node.returns else [])], defaults, leads)
                return False
            case ast.ClassDef():
                self._define(node, [*node.bases, *node.keywords], node.bases, leads)
                return False
            case ast.With() | ast.AsyncWith():
                last = _end(node.lineno, [item.context_expr for item in node.items])
                self._add(node.lineno, last, node.items, leads, closes=True)
                return self._flow(node.body, False)
            case ast.If():
                self._choose(node, leads)
            case ast.While() | ast.For() | ast.AsyncFor():
                head = [node.test] if isinstance(node, ast.While) else [node.target, node.iter]
                self._add(node.lineno, _end(node.lineno, head), head, True)
                if isinstance(node, ast.While):
                    self._decide("while", node.body)
                else:
                    self._decide("for", node.body)
                    self._targets = tuple(each.id for each in ast.walk(node.target) if isinstance(each, ast.Name))
                self._flow(node.body, True)
                self._flow(node.orelse, True)
            case ast.Match():
                self._add(node.lineno, _end(node.lineno, [node.subject]), [node.subject], leads)
                for case in node.cases:
                    nodes: list[ast.AST] = [case.pattern, *([case.guard] if case.guard else [])]
                    self._add(case.pattern.lineno, _end(case.pattern.lineno, nodes), nodes, True)
                    self._flow(case.body, False)
            case ast.Try() | ast.TryStar():
                self._try(node)
            case ast.Expr(value=ast.Constant()):
                return leads  # a docstring, or another text of which nothing is run
            case _:
                imports = isinstance(node, ast.Import | ast.ImportFrom)
                self._add(node.lineno, _end(node.lineno, [node]), [node], leads, defines=imports)
                return isinstance(node, _ENDS)
        return True

    def _choose(self, node: ast.If, leads: bool) -> None:
        """An `if` with all its `elif`, one after the other: there may be very many."""
        chosen: ast.If | None = node
        while chosen is not None:
            self._add(chosen.lineno, _end(chosen.lineno, [chosen.test]), [chosen.test], leads)
            self._decide("if", chosen.body)
            self._flow(chosen.body, True)
            rest, leads = chosen.orelse, True
            chosen = rest[0] if len(rest) == 1 and isinstance(rest[0], ast.If) else None
        self._flow(rest, True)

    def _try(self, node: ast.Try | ast.TryStar) -> None:
        self._flow(node.body, True)
        for handler in node.handlers:
            nodes = [handler.type] if handler.type else []
            self._add(handler.lineno, _end(handler.lineno, nodes), nodes, True)
            self._flow(handler.body, False)
        self._flow(node.orelse, True)
        self._flow(node.finalbody, True)

    def _define(
        self,
        node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef,
        head: Sequence[ast.AST],
        evaluated: Sequence[ast.AST],
        leads: bool,
    ) -> None:
        """A function or class: its head stands where it is, its body is a scope of its own."""
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        self._add(first, _end(node.lineno, head), [*node.decorator_list, *evaluated], leads, defines=True)
        self.scope(node.name, node.body)

    def _add(
        self,
        first: int,
        last: int,
        nodes: Sequence[ast.AST],
        leads: bool,
        *,
        defines: bool = False,
        closes: bool = False,
    ) -> None:
        """Take lines into the block at hand, or into a new one that they lead."""
        repeats = any(isinstance(each, _COMPREHENSIONS) for root in nodes for each in ast.walk(root))
        if self._parts and first <= self._parts[-1].last:
            earlier = self._parts.pop()
            first, last, repeats = earlier.first, max(earlier.last, last), earlier.repeats or repeats
            closes = earlier.closes or closes
        elif leads:
            self._cut()
        self._parts.append(Part(first, last, repeats, closes))
        self._nodes += nodes
        self._defines = self._defines and defines

    def _cut(self) -> None:
        """End the block at hand."""
        if self._parts:
            found = [each for root in self._nodes for each in ast.walk(root) if isinstance(each, ast.Name)]
            found.sort(key=lambda name: (name.lineno, name.col_offset))
            names = tuple(dict.fromkeys(name.id for name in found))
            made = tuple(self._parts), names, self._defines, self._decides, self._within, self._targets
            self.blocks.append(Block(self._function, *made))
        self._parts, self._nodes, self._defines = [], [], True
        self._decides, self._within, self._targets = "", (0, 0), ()


def _end(first: int, nodes: Iterable[ast.AST]) -> int:
    """The last line of nodes that begin on a line, or after it."""
    ends: list[int] = [getattr(each, "end_lineno", None) or first for node in nodes for each in _located(node)]
    return max([first, *ends])


def _located(node: ast.AST) -> Iterable[ast.AST]:
    """A node that has a place in the source, or those below it that have."""
    return [node] if hasattr(node, "end_lineno") else ast.walk(node)
