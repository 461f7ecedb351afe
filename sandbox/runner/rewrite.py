"""Makes asserts tell what was compared: each side is evaluated once, in order, and handed to the recorder."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

RECORDER = "__sd_recorder__"

_SIGNS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}


@dataclass(frozen=True)
class Site:
    """One assert of the tests.

    Attributes:
        sign: The comparison, or `true`, `false`, `chain` (of nothing but comparisons) for what is tested as a whole.
        left, right: The compared expressions; `left` alone where there is no comparison.
        first, last: Its lines.
    """

    sign: str
    left: ast.expr
    right: ast.expr | None
    first: int
    last: int


@dataclass
class Rewriter(ast.NodeTransformer):
    """Rewrites every assert of a tree and collects their sites."""

    sites: list[Site] = field(default_factory=list)

    def visit_Assert(self, node: ast.Assert) -> ast.Assert:
        """Replace the condition by calls of the recorder that have the same value."""
        test = node.test
        lines = (node.lineno, node.end_lineno or node.lineno)
        begin = _method(ast.Name(RECORDER, ast.Load()), "begin", ast.Constant(len(self.sites)))
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            sign = _SIGNS[type(test.ops[0])]
            self.sites.append(Site(sign, test.left, test.comparators[0], *lines))
            condition = _method(_method(begin, "left", test.left), "right", test.comparators[0])
        elif isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            self.sites.append(Site("false", test.operand, None, *lines))
            condition = _method(begin, "false", test.operand)
        else:
            self.sites.append(Site("chain" if _compares(test) else "true", test, None, *lines))
            condition = _method(begin, "true", test)
        return ast.copy_location(ast.Assert(condition, node.msg), node)


def _compares(node: ast.expr) -> bool:
    """Whether an expression is made of comparisons alone."""
    return isinstance(node, ast.Compare) or (isinstance(node, ast.BoolOp) and all(map(_compares, node.values)))


def _method(target: ast.expr, name: str, argument: ast.expr) -> ast.expr:
    return ast.copy_location(ast.Call(ast.Attribute(target, name, ast.Load()), [argument], []), argument)


@dataclass(frozen=True)
class Names:
    """What names the tests' source uses.

    Attributes:
        used: Every bare name.
        reached: Every attribute and imported name.
        bound: Every name that is assigned, defined or taken as a parameter, anywhere.
        top: What the modules themselves define or import.
        called: The functions that are called by bare name in asserts, in order.
        own: What the modules bind at their top level, in whatever statement.
        starred: The modules of which they import everything.
        attributes: The attributes that are read of each bare name.
        classes: The names that are used, and not bound, as those of classes.
    """

    used: frozenset[str] = frozenset()
    reached: frozenset[str] = frozenset()
    bound: frozenset[str] = frozenset()
    top: frozenset[str] = frozenset()
    called: tuple[str, ...] = ()
    own: frozenset[str] = frozenset()
    starred: frozenset[str] = frozenset()
    attributes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    classes: frozenset[str] = frozenset()


def names_of(trees: list[ast.Module]) -> Names:
    """Collect the names of some modules."""
    used, reached, bound, called = set(), set(), set(), []
    attributes: dict[str, set[str]] = {}
    as_class: set[str] = set()
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Name):
            used.add(node.id)
            if not isinstance(node.ctx, ast.Load):
                bound.add(node.id)
        elif isinstance(node, ast.Attribute):
            reached.add(node.attr)
            if isinstance(node.value, ast.Name):
                attributes.setdefault(node.value.id, set()).add(node.attr)
        elif isinstance(node, ast.alias):
            reached.add(node.name)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.Assert):
            calls = (part.func for part in ast.walk(node.test) if isinstance(part, ast.Call))
            called += [function.id for function in calls if isinstance(function, ast.Name)]
        as_class.update(_named_as_classes(node))
    top = frozenset(name for tree in trees for node in tree.body for name in _defined_by(node))
    own, starred = _top_level(trees)
    unbound = (used - bound) | reached
    return Names(
        frozenset(used),
        frozenset(reached),
        frozenset(bound),
        top,
        tuple(called),
        own,
        starred,
        {name: frozenset(read) for name, read in attributes.items()},
        frozenset(name for name in unbound if name in as_class or name.lstrip("_")[:1].isupper()),
    )


def _named_as_classes(node: ast.AST) -> list[str]:
    """Names that only a class can have, by what an expression or statement does with them."""
    found: list[ast.expr] = []
    if isinstance(node, ast.Attribute) and not node.attr.startswith("__"):
        found = [node.value.func if isinstance(node.value, ast.Call) else node.value]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _TYPE_CHECKS:
        found = [part for argument in node.args[1:] for part in ast.walk(argument) if isinstance(part, ast.expr)]
    elif isinstance(node, ast.ExceptHandler) and node.type is not None:
        found = [part for part in ast.walk(node.type) if isinstance(part, ast.expr)]
    elif isinstance(node, ast.ClassDef):
        found = node.bases
    return [part.id for part in found if isinstance(part, ast.Name)]


_TYPE_CHECKS = {"isinstance", "issubclass"}
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def _top_level(trees: list[ast.Module]) -> tuple[frozenset[str], frozenset[str]]:
    """What some modules bind outside of functions and classes, and the modules of which they import everything."""
    bound, starred = set(), set()
    stack: list[ast.AST] = list(trees)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.stmt):
            bound.update(_defined_by(node))
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            starred.add(node.module or "")
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            bound.add(node.name)
        if not isinstance(node, _SCOPES):
            stack.extend(ast.iter_child_nodes(node))
    return frozenset(bound - {"*"}), frozenset(starred)


def _defined_by(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return [(alias.asname or alias.name).partition(".")[0] for alias in node.names]
    return []


def one_line(node: ast.stmt | ast.Module, source: str, cut: int = 200) -> str:
    """A statement's source in one line, cut visibly; as it stands where it is short."""
    lines = source.splitlines()
    if isinstance(node, ast.stmt) and node.lineno == node.end_lineno and lines[node.lineno - 1].isascii():
        text = lines[node.lineno - 1][node.col_offset : node.end_col_offset]
    elif isinstance(node, ast.Module) and len(lines) == 1 and len(node.body) == 1:
        return one_line(node.body[0], source, cut)
    else:
        text = " ".join(ast.unparse(node).split())
    return text if len(text) <= cut else text[: cut - 1] + "…"
