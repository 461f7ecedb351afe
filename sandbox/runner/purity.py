"""Which tests leave nothing behind in the process that runs them, so that it may run those of another candidate too.

Such tests compute with plain values, call the candidate and compare; they reach nothing that outlives them: no module
but `math`, no attribute but methods of plain values, none of the built-in functions that look into the interpreter.
"""

import ast
import builtins

_STATEMENTS = (
    *(ast.FunctionDef, ast.arguments, ast.arg, ast.Return, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Assert),
    *(ast.Expr, ast.If, ast.For, ast.While, ast.Break, ast.Continue, ast.Pass, ast.Try, ast.ExceptHandler, ast.Raise),
)
_EXPRESSIONS = (
    *(ast.Constant, ast.Name, ast.Attribute, ast.Subscript, ast.Slice, ast.Starred, ast.Call, ast.keyword),
    *(ast.Tuple, ast.List, ast.Set, ast.Dict, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Lambda),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.comprehension, ast.NamedExpr),
    *(ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.alias, ast.Module),
)
_BUILTINS = frozenset(
    [
        *("abs", "all", "any", "ascii", "bin", "bool", "bytearray", "bytes", "chr", "complex", "dict", "divmod"),
        *("enumerate", "filter", "float", "frozenset", "hash", "hex", "int", "isinstance", "iter", "len", "list"),
        *("map", "max", "min", "next", "object", "oct", "ord", "pow", "print", "range", "repr", "reversed", "round"),
        *("set", "slice", "sorted", "str", "sum", "tuple", "zip"),
    ]
)
_METHODS = frozenset(
    name
    for kind in (bytes, dict, float, frozenset, int, list, set, str, tuple)
    for name in vars(kind)
    if not name.startswith("_")
) - {"format", "format_map"}


def is_pure(tree: ast.Module) -> bool:
    """Whether running a tree changes nothing that the tree's own names do not hold."""
    return all(_is_harmless(node) for node in ast.walk(tree))


def _is_harmless(node: ast.AST) -> bool:
    if isinstance(node, ast.Name):
        return not node.id.startswith("__") and (_is_exception(node.id) or _is_allowed(node.id))
    if isinstance(node, ast.Attribute):
        if isinstance(node.value, ast.Name) and node.value.id == "math":
            return isinstance(node.ctx, ast.Load) and not node.attr.startswith("_")
        return node.attr in _METHODS and isinstance(node.ctx, ast.Load)
    if isinstance(node, ast.Import):
        return all(alias.name == "math" and alias.asname is None for alias in node.names)
    if isinstance(node, ast.FunctionDef):
        return not node.decorator_list
    return isinstance(node, (*_STATEMENTS, *_EXPRESSIONS))


def _is_allowed(name: str) -> bool:
    return name in _BUILTINS or not hasattr(builtins, name)


def _is_exception(name: str) -> bool:
    kind = getattr(builtins, name, None)
    return isinstance(kind, type) and issubclass(kind, BaseException)
