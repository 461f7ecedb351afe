"""Assert suites and HumanEval checks: planned statement by statement, run on the trusted side."""

import ast
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from .outcome import Reporter
from .rewrite import Rewriter, one_line
from .scope import parse

Globals = dict[str, Any]
_CHECK = "check"
_REST = "the rest of check"


@dataclass
class Asserts:
    """Independent statements after a setup.

    Args:
        setup: Trusted code, run once.
        sources: The tests.
    """

    setup: str
    sources: list[str]

    def __post_init__(self) -> None:
        self.rewriter = Rewriter()
        self.tree = parse(self.setup)
        self.tests: list[ast.Module | SyntaxError] = []
        for source in self.sources:
            try:
                self.tests.append(parse(source))
            except SyntaxError as error:
                self.tests.append(error)
        self.names = [
            one_line(tree) if isinstance(tree, ast.Module) else " ".join(source.split())[:200]
            for tree, source in zip(self.tests, self.sources, strict=True)
        ]

    def trees(self) -> list[ast.AST]:
        """All of the tests' source."""
        return [self.tree, *(tree for tree in self.tests if isinstance(tree, ast.Module))]

    def run(self, values: Globals, reporter: Reporter) -> None:
        """Run them, each on its own."""
        exec(_compiled(self.rewriter.visit(self.tree), "setup.py"), values)
        for index, tree in enumerate(self.tests):
            if reporter.over:
                return
            reporter.run(index, self._body(tree, values))

    def _body(self, tree: ast.Module | SyntaxError, values: Globals) -> Callable[[], None]:
        def body() -> None:
            if isinstance(tree, SyntaxError):
                raise tree
            exec(_compiled(self.rewriter.visit(tree), "test.py"), values)

        return body


class Check:
    """A HumanEval test: `check(candidate)`.

    Args:
        source: The test.
        entry_point: What `check` is called with.

    Raises:
        SyntaxError: The test does not compile.
    """

    def __init__(self, source: str, entry_point: str) -> None:
        self.rewriter = Rewriter()
        self.tree = parse(source)
        self._entry_point = entry_point
        functions = [n for n in self.tree.body if isinstance(n, ast.FunctionDef) and n.name == _CHECK]
        if not functions:
            raise SyntaxError("the test defines no check function")
        self.check = functions[-1]
        self._takes_candidate = bool(self.check.args.args or self.check.args.posonlyargs or self.check.args.vararg)
        self._asserting = _asserting_functions(self.tree) - {_CHECK}
        self._tests = [node for node in self.check.body if self._is_test(node)]
        self._whole = not self._tests
        self.names = [_name(node) for node in self._tests] or [_CHECK]

    def _is_test(self, node: ast.stmt) -> bool:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            return False
        for part in ast.walk(node):
            if isinstance(part, ast.Assert):
                return True
            if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id in self._asserting:
                return True
        return False

    def trees(self) -> list[ast.AST]:
        """All of the tests' source."""
        return [self.tree]

    def run(self, values: Globals, reporter: Reporter) -> None:
        """Run `check`, each of its tests on its own."""
        keeper = _Keeper(reporter)
        if not self._whole:
            self.check.body = self._guarded()
        self.tree.body = [node for node in self.tree.body if not _calls_check(node)]
        self.rewriter.visit(self.tree)
        values[_KEEPER] = keeper
        exec(_compiled(self.tree, "test.py"), values)
        arguments = (values[self._entry_point],) if self._takes_candidate else ()

        def body() -> None:
            values[_CHECK](*arguments)

        if self._whole:
            reporter.run(0, body)
        else:
            body()
            keeper.close(len(self._tests))

    def _guarded(self) -> list[ast.stmt]:
        """The body, with every test in a guard of its own, and what stands between them in others."""
        body: list[ast.stmt] = []
        index = 0
        for node in self.check.body:
            if isinstance(node, (ast.Global, ast.Nonlocal)):
                body.append(node)
            elif node in self._tests:
                guard = _with("test", index, node)
                ready = ast.copy_location(_keeper_call("ready", index), node)
                body.append(ast.copy_location(ast.If(ready, [guard], []), node))
                index += 1
            else:
                body.append(_with("between", index, node))
        return body


_KEEPER = "__sd_keeper__"


def _keeper_call(name: str, index: int) -> ast.expr:
    return ast.Call(ast.Attribute(ast.Name(_KEEPER, ast.Load()), name, ast.Load()), [ast.Constant(index)], [])


def _with(name: str, index: int, node: ast.stmt) -> ast.stmt:
    return ast.copy_location(ast.With([ast.withitem(_keeper_call(name, index), None)], [node]), node)


class _Keeper:
    """Catches what each part of `check` raises, and reports the tests."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._pending: BaseException | None = None

    def ready(self, index: int) -> bool:
        """Whether a test can run; if what stands before it failed, it is reported as failed so."""
        if self._pending is None:
            return True
        self._reporter.end(index, self._pending)
        self._pending = None
        return False

    def test(self, index: int) -> "_Guard":
        """A guard around a test."""
        self._reporter.begin()
        return _Guard(lambda error: self._reporter.end(index, error), self._reporter)

    def between(self, index: int) -> "_Guard":
        """A guard around what stands before a test."""
        return _Guard(self._note, self._reporter)

    def _note(self, error: BaseException | None) -> None:
        if error is not None and self._pending is None:
            self._reporter.begin()
            self._pending = error

    def close(self, count: int) -> None:
        """After `check` has returned: what failed behind the last test is a failed test too."""
        if self._pending is not None:
            self._reporter.names.append(_REST)
            self._reporter.end(count, self._pending)


class _Guard:
    """A context that hands on the exception of its body and goes on, unless the candidate is gone."""

    def __init__(self, done: Callable[[BaseException | None], None], reporter: Reporter) -> None:
        self._done = done
        self._reporter = reporter

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: TracebackType | None) -> bool:
        self._done(error)
        return not self._reporter.over


def _name(node: ast.stmt) -> str:
    return one_line(node)


def _compiled(tree: ast.Module, name: str) -> Any:
    return compile(ast.fix_missing_locations(tree), name, "exec", dont_inherit=True)


def _asserting_functions(tree: ast.Module) -> set[str]:
    """Functions of the tests that assert something, themselves or through others."""
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    found: set[str] = set()
    grown = True
    while grown:
        before = len(found)
        for name, node in functions.items():
            for part in ast.walk(node):
                named = isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id in found
                if isinstance(part, (ast.Assert, ast.Raise)) or named:
                    found.add(name)
        grown = len(found) > before
    return found


def _calls_check(node: ast.stmt) -> bool:
    """Whether a statement of the module calls `check`, or is the main block that would."""
    if isinstance(node, ast.Expr):
        call = node.value
        return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == _CHECK
    return isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)


def prepare(suite: dict[str, Any]) -> Asserts | Check:
    """The suite of a job.

    Raises:
        SyntaxError: The tests do not compile.
    """
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 3000))
    if suite["kind"] == "asserts":
        return Asserts(suite["setup"], list(suite["asserts"]))
    return Check(suite["source"], suite["entry_point"])
