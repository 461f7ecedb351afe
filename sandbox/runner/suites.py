"""Assert suites and HumanEval checks: planned statement by statement, run on the trusted side."""

import ast
import functools
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from .outcome import Reporter
from .purity import is_pure
from .rewrite import Rewriter, Site, names_of, one_line
from .scope import parse

Globals = dict[str, Any]
_CHECK = "check"
_REST = "the rest of check"


class Asserts:
    """Independent statements after a setup.

    Args:
        setup: Trusted code, run once.
        sources: The tests.

    Attributes:
        planned: A name for each test.
        names: What the source uses.
        pure: Whether running them leaves nothing behind.
        signs: How each assert compares.

    Raises:
        SyntaxError: The setup does not compile.
    """

    def __init__(self, setup: str, sources: list[str]) -> None:
        self._setup_source, self._sources = setup, sources
        setup_tree = parse(setup)
        trees = [_parsed(source) for source in sources]
        self.planned = [_title(tree, source) for tree, source in zip(trees, sources, strict=True)]
        parsed = [setup_tree, *(tree for tree in trees if isinstance(tree, ast.Module))]
        self.names = names_of(parsed)
        self.pure = all(map(is_pure, parsed))
        rewriter = Rewriter()
        self._setup = _compiled(rewriter.visit(setup_tree), "setup.py")
        self._tests = [_code(tree, rewriter) for tree in trees]
        self.signs = [site.sign for site in rewriter.sites]

    def sites(self) -> list[Site]:
        """The asserts, made anew, because few runs need them and they are large."""
        rewriter = Rewriter()
        for tree in [parse(self._setup_source), *map(_parsed, self._sources)]:
            if isinstance(tree, ast.Module):
                rewriter.visit(tree)
        return rewriter.sites

    def run(self, values: Globals, reporter: Reporter) -> None:
        """Run them, each on its own."""
        exec(self._setup, values)
        for index, code in enumerate(self._tests):
            if reporter.over:
                return
            reporter.run(index, functools.partial(_execute, code, values))


def _parsed(source: str) -> ast.Module | SyntaxError:
    try:
        return parse(source)
    except SyntaxError as error:
        return error


def _title(tree: ast.Module | SyntaxError, source: str) -> str:
    return one_line(tree, source) if isinstance(tree, ast.Module) else " ".join(source.split())[:200]


def _code(tree: ast.Module | SyntaxError, rewriter: Rewriter) -> types.CodeType | SyntaxError:
    if isinstance(tree, SyntaxError):
        return tree
    rewritten = rewriter.visit(tree)  # also where it does not compile: `sites` counts its asserts too
    try:
        return _compiled(rewritten, "test.py")
    except SyntaxError as error:
        return error


def _execute(code: types.CodeType | SyntaxError, values: Globals) -> None:
    if isinstance(code, SyntaxError):
        raise code
    exec(code, values)


class Check:
    """A HumanEval test: `check(candidate)`.

    Args:
        source: The test.
        entry_point: What `check` is called with.

    Attributes:
        planned, names, pure, signs: As of `Asserts`.

    Raises:
        SyntaxError: The test does not compile.
    """

    def __init__(self, source: str, entry_point: str) -> None:
        self._source, self._entry_point = source, entry_point
        tree = parse(source)
        functions = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == _CHECK]
        if not functions:
            raise SyntaxError("the test defines no check function")
        check = functions[-1]
        self._takes_candidate = bool(check.args.args or check.args.posonlyargs or check.args.vararg)
        self._asserting = _asserting_functions(tree) - {_CHECK}
        tests = [node for node in check.body if self._is_test(node)]
        self._whole = not tests
        self.planned = [one_line(node, source) for node in tests] or [_CHECK]
        self.names = names_of([tree])
        self.pure = is_pure(tree)
        if tests:
            check.body = _guarded(check.body, tests)
        tree.body = [node for node in tree.body if not _calls_check(node)]
        rewriter = Rewriter()
        self._code = _compiled(rewriter.visit(tree), "test.py")
        self._sites = rewriter.sites
        self.signs = [site.sign for site in rewriter.sites]

    def sites(self) -> list[Site]:
        """The asserts, made anew, because few runs need them and they are large."""
        return Check(self._source, self._entry_point)._sites

    def _is_test(self, node: ast.stmt) -> bool:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            return False
        for part in ast.walk(node):
            if isinstance(part, ast.Assert):
                return True
            if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id in self._asserting:
                return True
        return False

    def run(self, values: Globals, reporter: Reporter) -> None:
        """Run `check`, each of its tests on its own."""
        keeper = values[_KEEPER] = _Keeper(reporter)
        exec(self._code, values)
        arguments = (values[self._entry_point],) if self._takes_candidate else ()

        def body() -> None:
            values[_CHECK](*arguments)

        if self._whole:
            reporter.run(0, body)
        else:
            body()
            keeper.close(len(self.planned))


def _guarded(statements: list[ast.stmt], tests: list[ast.stmt]) -> list[ast.stmt]:
    """The body, with every test in a guard of its own, and what stands between them in others."""
    body: list[ast.stmt] = []
    index = 0
    for node in statements:
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            body.append(node)
        elif index < len(tests) and node is tests[index]:
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
        self._inside = False  # a test that calls `check` itself: what it asserts there is part of that test

    def ready(self, index: int) -> bool:
        """Whether a test can run; if what stands before it failed, it is reported as failed so."""
        if self._pending is None or self._inside:
            return True
        self._reporter.end(index, self._pending)
        self._pending = None
        return False

    def test(self, index: int) -> AbstractContextManager[object]:
        """A guard around a test."""
        if self._inside:
            return nullcontext()
        self._reporter.begin()
        return self._guard(lambda error: self._reporter.end(index, error))

    def between(self, index: int) -> AbstractContextManager[object]:
        """A guard around what stands before a test."""
        return nullcontext() if self._inside else self._guard(self._note)

    @contextmanager
    def _guard(self, done: Callable[[BaseException | None], None]) -> Iterator[None]:
        """Hand on the exception of the body and go on, unless the candidate is gone."""
        self._inside, found = True, None
        try:
            yield
        except BaseException as error:
            found = error
        self._inside = False
        done(found)
        if found is not None and self._reporter.over:
            raise found

    def _note(self, error: BaseException | None) -> None:
        if error is not None and self._pending is None:
            self._reporter.begin()
            self._pending = error

    def close(self, count: int) -> None:
        """After `check` has returned: what failed behind the last test is a failed test too."""
        if self._pending is not None:
            self._reporter.names.append(_REST)
            self._reporter.end(count, self._pending)


def _compiled(tree: ast.Module, name: str) -> types.CodeType:
    code: types.CodeType = compile(ast.fix_missing_locations(tree), name, "exec", dont_inherit=True)
    return code


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
