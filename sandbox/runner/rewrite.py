"""Makes asserts tell what was compared: each side is evaluated once, in order, and handed to the recorder."""

import ast
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
        sign: The comparison, or `true`, `false`, `chain` for what is tested as a whole.
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
            self.sites.append(Site("chain" if isinstance(test, ast.Compare) else "true", test, None, *lines))
            condition = _method(begin, "true", test)
        return ast.fix_missing_locations(ast.copy_location(ast.Assert(condition, node.msg), node))


def _method(target: ast.expr, name: str, argument: ast.expr) -> ast.expr:
    return ast.copy_location(ast.Call(ast.Attribute(target, name, ast.Load()), [argument], []), argument)


def names_used(tree: ast.AST) -> frozenset[str]:
    """Every bare name that occurs in a tree."""
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


def names_reached(tree: ast.AST) -> frozenset[str]:
    """Every attribute and imported name that occurs in a tree."""
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return frozenset(attributes | {node.name for node in ast.walk(tree) if isinstance(node, ast.alias)})


def names_bound(tree: ast.AST) -> frozenset[str]:
    """Every name that a tree assigns, defines or takes as a parameter, anywhere."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
    return frozenset(found)


def one_line(node: ast.AST, cut: int = 200) -> str:
    """A node's source in one line, cut visibly."""
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= cut else text[: cut - 1] + "…"
