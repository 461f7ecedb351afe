"""A failing test as a function of plain arguments, and the tests that ask the same of other arguments.

A failure is shown at a smaller input only where something says that it is one: the program's own exception or end, or
an expectation that the test computes from the same arguments. A value that is written down is right for its own
input alone.
"""

import ast
import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sandbox.types import AssertSuite, CheckSuite, PytestSuite, Status, Suite, TestResult
from selfdebug import syntax
from selfdebug.feedback.smallest.facts import Values
from selfdebug.feedback.smallest.inputs import Domain, smaller

_MAX_LENGTH = 100_000  # of a value that the tests compute
_TITLE = 200  # characters of a statement that name its test
_TIED = 10  # characters: what is longer than this and written twice is meant to be the same
_PROPERTIES = frozenset(("all", "any", "isinstance"))
_CANDIDATE = "candidate"


def _as_it_is(result: TestResult, values: Values) -> TestResult:
    return result


Statement = tuple[ast.stmt, str]  # with its source


@dataclass(frozen=True)
class Question:
    """What is asked of the program, as a function of arguments.

    Attributes:
        values: The arguments of the failing test.
        suite: Makes the suite that asks it of several arguments, one test each.
        others: The arguments of the suite's other calls of the same function.
        choices: Smaller arguments to try.
        shown: A result as it is told, where that is not the sandbox's.
    """

    values: Values
    suite: Callable[[Sequence[Values]], Suite]
    others: tuple[Values, ...] = ()
    choices: Callable[[Values, Domain], Iterator[Values]] = smaller
    shown: Callable[[TestResult, Values], TestResult] = _as_it_is


def question(program: str, suite: Suite, test: TestResult) -> Question | None:
    """What a failing test asks; None where a smaller input could not be judged, or where no call with plain arguments
    is to be found."""
    statements = list(_statements(suite))
    names = _names(program, suite)
    titled = [node for node, source in statements if test.name in _titles(node, source)]
    own = _calls(titled[:1], names)
    calls = _calls([node for node, _ in statements], names)
    if test.status is Status.FAILED:
        asserted = titled[0] if titled and isinstance(titled[0], ast.Assert) else None
        return _judged(suite, asserted, own, calls, names) if asserted is not None else None
    shown = _parsed(test.call) if test.call else None
    call = next((call for call in (shown, *own) if call is not None and arguments(call) is not None), None)
    return _called(suite, call, calls) if call is not None else None


def arguments(call: ast.Call) -> Values | None:
    """A call's arguments, those by keyword last; None where they are not plain."""
    if any(part.arg is None for part in call.keywords):
        return None
    try:
        return tuple(_constant(node) for node in _parts(call))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def _called(suite: Suite, call: ast.Call, calls: list[ast.Call]) -> Question:
    """The mere call, which must neither raise nor fail to end."""
    name = _name(call)
    if isinstance(suite, AssertSuite):
        base = suite
    elif isinstance(suite, CheckSuite):
        base = AssertSuite((), entry_point=suite.entry_point, context=suite.context)
        call = _renamed(call, suite.entry_point) if name == _CANDIDATE else call
    else:
        base = AssertSuite((), entry_point=suite.entry_point if isinstance(suite, PytestSuite) else "")

    def ask(many: Sequence[Values]) -> Suite:
        return replace(base, asserts=tuple(ast.unparse(_given(call, values)) for values in many))

    return Question(arguments(call) or (), ask, _others(calls, {name, _name(call), _CANDIDATE}))


def _judged(
    suite: Suite, statement: ast.Assert, own: list[ast.Call], calls: list[ast.Call], names: set[str]
) -> Question | None:
    """The whole assert, where what it expects is computed from the arguments."""
    call = next((call for call in own if arguments(call)), None)
    if call is None or not isinstance(suite, AssertSuite | CheckSuite):
        return None
    long = {index for index, part in enumerate(_parts(call)) if len(ast.unparse(part)) > _TIED}
    template = _Slots(call, long).visit(copy.deepcopy(_marked(statement, call)))
    if not long or not _computes(template.test, long, names, _defined(suite)):
        return None

    def ask(many: Sequence[Values]) -> Suite:
        asked = [ast.unparse(_Filled(values).visit(copy.deepcopy(template))) for values in many]
        return replace(suite, asserts=tuple(asked)) if isinstance(suite, AssertSuite) else _with_checks(suite, asked)

    return Question(arguments(call) or (), ask, _others(calls, {_name(call)}))


_SLOT = "__argument_{}__"
_MARK = "_is_the_call"


def _marked(statement: ast.Assert, call: ast.Call) -> ast.Assert:
    setattr(call, _MARK, True)  # so that it is found in a copy
    return statement


class _Slots(ast.NodeTransformer):
    """Puts a name in the place of each argument of the call, and wherever else a long one of them is written."""

    def __init__(self, call: ast.Call, long: set[int]) -> None:
        self._same = {ast.dump(part): index for index, part in enumerate(_parts(call)) if index in long}
        self._short = {ast.dump(part): index for index, part in enumerate(_parts(call)) if index not in long}

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if getattr(node, _MARK, False):
            node.args = [_slot(index) for index in range(len(node.args))]
            for index, part in enumerate(node.keywords, len(node.args)):
                part.value = _slot(index)
            return node
        before = [ast.dump(part) for part in node.args]
        self.generic_visit(node)
        if any(_slots(part) for part in node.args):  # what takes the same long argument takes the short ones, too
            pairs = zip(node.args, before, strict=True)
            node.args = [_slot(self._short[text]) if text in self._short else part for part, text in pairs]
        return node

    def generic_visit(self, node: ast.AST) -> ast.AST:
        index = self._same.get(ast.dump(node)) if isinstance(node, ast.expr) else None
        return super().generic_visit(node) if index is None else _slot(index)


class _Filled(ast.NodeTransformer):
    """Puts values in the places of the names again."""

    def __init__(self, values: Values) -> None:
        self._values = {_SLOT.format(index): value for index, value in enumerate(values)}

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return _written(self._values[node.id]) if node.id in self._values else node


def _slot(index: int) -> ast.Name:
    return ast.Name(_SLOT.format(index), ast.Load())


def _slots(node: ast.AST) -> list[str]:
    return [part.id for part in ast.walk(node) if isinstance(part, ast.Name) and part.id.startswith(_SLOT[:10])]


def _written(value: Any) -> ast.expr:
    return ast.parse(repr(value), mode="eval").body


def _computes(test: ast.expr, long: set[int], names: set[str], defined: set[str]) -> bool:
    """Whether what a test expects follows from the arguments, written as slots, alone."""
    for node in ast.walk(test):
        plain = isinstance(node, ast.Constant | ast.List | ast.Tuple | ast.Set | ast.Dict)
        if plain and not _slots(node) and len(ast.unparse(node)) > _TIED:
            return False  # a value that may follow from the argument, and is right for it alone
    found = _slots(test)
    tied = all(found.count(_SLOT.format(index)) > 1 for index in long)
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        sides = (test.left, test.comparators[0])
        bare = [side for side in sides if isinstance(side, ast.Name) and _slots(side)]
        through = [
            node for side in sides for node in ast.walk(side) if isinstance(node, ast.Call) and _name(node) in names
        ]
        both = all(_slots(side) for side in sides)
        return tied and both and (not bare or len(through) > 1)
    if isinstance(test, ast.Call) and _name(test) not in names:
        return tied or _name(test) in defined | _PROPERTIES
    return False


def _defined(suite: AssertSuite | CheckSuite) -> set[str]:
    """The functions of the tests."""
    tree = syntax.try_parse(suite.setup if isinstance(suite, AssertSuite) else suite.source)
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)} if tree is not None else set()


def _with_checks(suite: CheckSuite, asked: list[str]) -> CheckSuite:
    """The check with these asserts in the place of its own."""
    tree = syntax.parse(suite.source)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == "check":
            ready = [part for part in node.body if not any(isinstance(p, ast.Assert) for p in ast.walk(part))]
            node.body = [*ready, *(part for text in asked for part in ast.parse(text).body)]
    return replace(suite, source=ast.unparse(tree))


def _statements(suite: Suite) -> Iterator[Statement]:
    """The suite's asserts and expressions, each with its source."""
    if isinstance(suite, AssertSuite):
        for source in suite.asserts:
            tree = syntax.try_parse(source)
            yield from ((node, source.strip()) for node in (tree.body if tree is not None else ()))
    elif isinstance(suite, CheckSuite | PytestSuite):
        tree = syntax.try_parse(suite.source)
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, ast.Assert):
                yield node, ast.get_source_segment(suite.source, node) or ""


def _titles(node: ast.stmt, source: str) -> set[str]:
    """What a test of a statement may be called."""
    texts = (source, " ".join(ast.unparse(node).split()))
    return {text if len(text) <= _TITLE else text[: _TITLE - 1] + "…" for text in texts}


def _names(program: str, suite: Suite) -> set[str]:
    """The names by which tests call the program."""
    tree = syntax.try_parse(program)
    own = syntax.module_names(tree) if tree is not None else set()
    return own | {_CANDIDATE} if isinstance(suite, CheckSuite) else own


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _calls(nodes: Sequence[ast.stmt], names: set[str]) -> list[ast.Call]:
    return [part for node in nodes for part in ast.walk(node) if isinstance(part, ast.Call) and _name(part) in names]


def _others(calls: list[ast.Call], names: set[str]) -> tuple[Values, ...]:
    return tuple(values for call in calls if _name(call) in names and (values := arguments(call)) is not None)


def _parsed(text: str) -> ast.Call | None:
    tree = syntax.try_parse(text)
    node = tree.body[0] if tree is not None and len(tree.body) == 1 else None
    return node.value if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and _name(node.value) else None


def _renamed(call: ast.Call, name: str) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), call.args, call.keywords)


def _parts(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(part.value for part in call.keywords)]


def _given(call: ast.Call, values: Values) -> ast.Call:
    """The call with other arguments."""
    many = [_written(value) for value in values]
    named = zip(call.keywords, many[len(call.args) :], strict=True)
    return ast.Call(call.func, many[: len(call.args)], [ast.keyword(part.arg, value) for part, value in named])


def _constant(node: ast.expr) -> Any:
    """The value of an expression of literals, of those that are repeated and added, and of `list(range(…))`.

    Raises:
        ValueError: It is something else, or its value is too long.
    """
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Add):
        left, right = _constant(node.left), _constant(node.right)
        if isinstance(node.op, ast.Add):
            return left + right
        many = left if isinstance(left, int) else right
        if len(repr(left)) * len(repr(right)) > _MAX_LENGTH or (isinstance(many, int) and many > _MAX_LENGTH):
            raise ValueError("too long")
        return left * right
    if isinstance(node, ast.Call) and _name(node) == "list" and len(node.args) == 1 and not node.keywords:
        inner = node.args[0]
        if isinstance(inner, ast.Call) and _name(inner) == "range" and not inner.keywords:
            found = range(*(_constant(part) for part in inner.args))
            if len(found) > _MAX_LENGTH:
                raise ValueError("too long")
            return list(found)
    value = ast.literal_eval(node)
    if not _is_plain(value):
        raise ValueError("not plain")
    return value


def _is_plain(value: Any) -> bool:
    """Whether its `repr` is the source of an equal value."""
    if isinstance(value, float):
        return value - value == 0  # neither infinite nor not a number
    if isinstance(value, dict):
        return all(map(_is_plain, value.values()))
    return not isinstance(value, list | tuple) or all(map(_is_plain, value))
