"""A problem's test as inputs and expected outputs, for harnesses that compare those and run no test source."""

import ast
import pickle
from typing import Any

from benchmarks.speed.peers.job import PeerTest

# What evaluating a part of a test by itself may raise: it uses a local name, say, or is no plain value.
_UNSAYABLE = (
    *(ArithmeticError, AttributeError, ImportError, LookupError, NameError, RecursionError, StopIteration),
    *(SyntaxError, TypeError, ValueError, pickle.PicklingError),
)


def expected_outputs(test: PeerTest) -> list[tuple[list[Any], Any]] | None:
    """The arguments and the expected value of every assert; None if one says anything else than an equality."""
    try:
        tree = ast.parse(test.source)
        check = next(each for each in tree.body if isinstance(each, ast.FunctionDef) and each.name == "check")
        names: dict[str, Any] = {}
        exec(compile(tree, "<test>", "exec"), names)
        return [_pair(line, test.entry_point, names) for line in check.body if not _says_nothing(line)]
    except _UNSAYABLE:
        return None


def _says_nothing(line: ast.stmt) -> bool:
    """A docstring, `pass`, or HumanEval's `assert True`."""
    tested = line.test if isinstance(line, ast.Assert) else line.value if isinstance(line, ast.Expr) else None
    return isinstance(line, ast.Pass) or (isinstance(tested, ast.Constant) and bool(tested.value))


def _pair(line: ast.stmt, entry_point: str, names: dict[str, Any]) -> tuple[list[Any], Any]:
    match line:
        case ast.Assert(
            test=ast.Compare(
                left=ast.Call(func=ast.Name(id=called), args=arguments, keywords=[]),
                ops=[ast.Eq()],
                comparators=[value],
            )
        ) if called in ("candidate", entry_point):
            pair = [_value(each, names) for each in arguments], _value(value, names)
            pickle.dumps(pair)
            return pair
    raise ValueError(ast.unparse(line))


def _value(expression: ast.expr, names: dict[str, Any]) -> Any:
    return eval(compile(ast.Expression(expression), "<test>", "eval"), names)
