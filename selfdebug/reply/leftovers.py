"""Tests and demonstrations that a model leaves below its function."""

import ast
import re
from collections.abc import Sequence

from selfdebug.problem import Problem
from selfdebug.syntax import (
    BINDING_BLOCKS,
    FUNCTIONS,
    bindings,
    is_docstring,
    is_main_guard,
    line_span,
    module_names,
    source_lines,
    try_parse,
    unbound_names,
    used_names,
)

_TALKERS = frozenset({"print", "pprint", "input", "check", "exit", "quit", "main", "run_tests", "run_test"})
_RUNNERS = frozenset({"unittest.main", "doctest.testmod", "doctest.run_docstring_examples", "pytest.main", "sys.exit",
                      "sys.stdout.write", "pprint.pprint"})  # fmt: skip
_TEST_MODULES = frozenset({"unittest", "doctest", "pytest"})


def is_test_name(name: str) -> bool:
    """Whether a function of that name tests others."""
    return re.match(r"tests?(?:_|$|[A-Z])|check$|run_tests?$", name) is not None


def without_leftovers(code: str, problem: Problem) -> tuple[str, list[str]]:
    """A function problem's program without top-level tests, prints and the like; and what was done.

    Whole lines go, and only of statements that nothing in the program's definitions depends on. A main guard stays:
    it does not run where the program is imported.
    """
    tree = try_parse(code)
    name = problem.entry_point
    if tree is None or not name or name not in module_names(tree):
        return code, []
    gone = _Leftovers(tree, name).found()
    spans = [line_span(node) for node in gone]
    kept_lines = {number for node in tree.body if node not in gone for number in range(*_inclusive(line_span(node)))}
    dropped = {number for span in spans for number in range(*_inclusive(span))} - kept_lines
    if not dropped:
        return code, []
    lines = source_lines(code)
    text = "".join(line for number, line in enumerate(lines, 1) if number not in dropped).rstrip() + "\n"
    changed = try_parse(text)
    if changed is None or name not in module_names(changed):
        return code, []
    return text, ["Tests and demonstrations at the top level were left out."]


def _inclusive(span: tuple[int, int]) -> tuple[int, int]:
    return span[0], span[1] + 1


def _globals(definitions: Sequence[ast.stmt]) -> set[str]:
    """Module-level names that the definitions use, each definition's own names aside."""
    declared = {
        name for node in definitions for item in ast.walk(node) if isinstance(item, ast.Global) for name in item.names
    }
    return declared.union(*(unbound_names(ast.Module([node], [])) for node in definitions))


class _Leftovers:
    """Finds the statements to leave out of one program."""

    def __init__(self, tree: ast.Module, name: str) -> None:
        self._tree, self._name = tree, name
        definitions = [node for node in tree.body if isinstance(node, (*FUNCTIONS, ast.ClassDef))]
        own = [node for node in definitions if node.name == name]
        # Test functions are leftovers unless the entry point itself leans on them.
        self._needed = self._closure(own, definitions)
        self._tests = [node for node in definitions if self._is_test(node) and node.name not in self._needed]
        self._kept = [node for node in definitions if node not in self._tests]
        self._used = _globals(self._kept)
        self._defined = {node.name for node in definitions}

    def found(self) -> list[ast.stmt]:
        gone: list[ast.stmt] = list(self._tests)
        gone += [node for node in self._tree.body if node not in gone and self._runs_tests(node)]
        gone += [node for node in self._tree.body if node not in gone and self._feeds_only(node, gone)]
        return gone

    @staticmethod
    def _closure(start: Sequence[ast.stmt], definitions: Sequence[ast.stmt]) -> set[str]:
        names = {name for node in start for name in bindings(node)}
        while True:
            reached = [node for node in definitions if bindings(node) & names]
            more = used_names(reached) - names
            if not more:
                return names
            names |= more

    @staticmethod
    def _is_test(node: ast.stmt) -> bool:
        if isinstance(node, ast.ClassDef):
            return "TestCase" in {getattr(base, "attr", getattr(base, "id", "")) for base in node.bases}
        return isinstance(node, FUNCTIONS) and is_test_name(node.name)

    def _runs_tests(self, node: ast.stmt) -> bool:
        """A statement that tests, prints, reads input or tries the function out."""
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Expr):
            return not is_docstring(node) and self._talks(node.value)
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            free = not (bindings(node) & self._used) and self._name not in bindings(node)
            return free and node.value is not None and self._tries(node.value)
        if isinstance(node, BINDING_BLOCKS) and not is_main_guard(node):
            inner = [item for item in ast.walk(node) if isinstance(item, ast.stmt) and item is not node]
            bound = {name for item in [node, *inner] for name in bindings(item)}
            idle = not any(isinstance(item, (*FUNCTIONS, ast.ClassDef, ast.Import, ast.ImportFrom)) for item in inner)
            return idle and not (bound & self._used) and any(self._runs_tests(item) for item in inner)
        return False

    def _feeds_only(self, node: ast.stmt, gone: list[ast.stmt]) -> bool:
        """An assignment or an import of a test module that only the leftovers use."""
        names = bindings(node)
        rest = used_names([item for item in self._tree.body if item is not node and item not in gone])
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = {alias.name for alias in node.names} if isinstance(node, ast.Import) else {node.module}
            return modules <= _TEST_MODULES and not names & rest
        plain = isinstance(node, ast.Assign) and all(isinstance(target, ast.Name) for target in node.targets)
        return plain and not names & rest and self._name not in names and bool(names & used_names(gone))

    def _talks(self, value: ast.expr) -> bool:
        """A call for its effect: of a printer, a test runner, a test, or of the function itself."""
        if not isinstance(value, ast.Call):
            return self._tries(value)
        called = ast.unparse(value.func)
        if called in _RUNNERS or (called in _TALKERS and called not in self._needed):
            return True
        tests = {node.name for node in self._tests if isinstance(node, (*FUNCTIONS, ast.ClassDef))}
        return called == self._name or called in tests or self._tries(value)

    def _tries(self, value: ast.expr) -> bool:
        """It calls the function, reads input, or makes an object of the tests."""
        calls = {
            node.func.id for node in ast.walk(value) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        tests = {node.name for node in self._tests if isinstance(node, (*FUNCTIONS, ast.ClassDef))}
        return bool(calls & ({self._name, "input"} | tests))
