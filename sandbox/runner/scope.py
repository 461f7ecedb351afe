"""Which name of the tests means what: their own, the problem's context, the standard library, or the candidate."""

import ast
import builtins
import copy
import sys
import types
from collections.abc import Sequence
from typing import Any

from . import proxies, standins
from .rewrite import Names
from .session import Session

MODULE = "solution"


class CandidateModule(types.ModuleType):
    """The candidate's module as the tests see it.

    Args:
        names: What it defines.
        public: What a star import takes, if it means nothing else for the tests.
    """

    def __init__(self, session: Session, names: list[str], public: list[str]) -> None:
        super().__init__(MODULE)
        vars(self)["__all__"] = public
        vars(self)["_sd_names"] = set(names)
        vars(self)["_sd_kept"] = {}
        vars(self)["_sd_session"] = session

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_sd_") or name in ("__path__", "__file__", "__spec__", "__wrapped__"):
            raise AttributeError(name)
        return lookup(self._sd_session, name)

    @property
    def __doc__(self) -> Any:  # type: ignore[override]
        return lookup(self._sd_session, "__doc__")

    def __setattr__(self, name: str, value: Any) -> None:
        kept: dict[str, Any] = vars(self)["_sd_kept"]
        if name not in kept and name in vars(self)["_sd_names"]:
            kept[name] = lookup(self._sd_session, name)
        self._sd_session.ask("set_module", name, value)

    def __delattr__(self, name: str) -> None:
        kept: dict[str, Any] = vars(self)["_sd_kept"]
        if name in kept:  # a patch is undone so, because patchers look into `__dict__`, where nothing is
            self._sd_session.ask("set_module", name, kept.pop(name))
        else:
            self._sd_session.ask("delete_module", name)

    def __dir__(self) -> list[str]:
        return sorted(vars(self)["_sd_names"])


def lookup(session: Session, name: str) -> Any:
    """A name of the candidate's module. What it only imported is the tests' own version of it.

    Raises:
        AttributeError: It has none of that name.
    """
    value = session.ask("module", name)
    if isinstance(value, proxies.RemoteFunction):
        standard = vars(value)
        if standard["_sd_standard"] and standard["__name__"] == name:
            found = getattr(standins.standard_module(standard["__module__"]), name, None)
            if callable(found):
                return found
        vars(value)["_sd_name"] = name
    elif type(value) is proxies.RemoteClass and name in session.named:
        session.asked.add(value)
    return value


def exported(public: Sequence[str], defined: Sequence[str], names: Names, context: "Context", entry: str) -> list[str]:
    """What a star import of the candidate's module may take: nothing that means something else for the tests."""
    taken = names.own | context.own | _starred(names)
    known = set(defined)
    found = [name for name in public if name in known and not name.startswith(("__", "_sd_"))]
    return [
        name
        for name in found
        if name == entry or not (name in taken or hasattr(builtins, name) or _is_library(name, names))
    ]


def _is_library(name: str, names: Names) -> bool:
    """Whether the tests, which do not define a name, mean the standard library's module or function of that name."""
    if name in _JUDGING:
        return True
    read = names.attributes.get(name)
    return bool(read) and all(hasattr(_library(name), attribute) for attribute in read or ())


# Functions that compare numbers, which tests use without importing them.
_JUDGING = frozenset({"isclose", "fabs", "isnan", "isinf", "isfinite"})


def _library(name: str) -> Any:
    return getattr(standins.standard_module("math"), name) if name in _JUDGING else standins.standard_module(name)


def parse(source: str) -> ast.Module:
    """Parse source of the tests; what cannot even be read is a syntax error.

    Raises:
        SyntaxError: It does not compile.
    """
    try:
        return ast.parse(source)
    except (ValueError, MemoryError, RecursionError) as error:
        raise SyntaxError(str(error)) from error


def _unfinished(node: ast.stmt) -> bool:
    """Whether a definition is a signature with nothing but a docstring."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return all(
            isinstance(part, ast.Pass) or (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))
            for part in node.body
        )
    return isinstance(node, ast.ClassDef) and any(
        _unfinished(part) for part in node.body if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef))
    )


def _parse_context(context: str) -> ast.Module:
    for text in (context, context.rstrip() + "\n    pass\n"):
        try:
            return parse(text)
        except SyntaxError:
            continue
    return ast.Module([], [])


class Context:
    """What the problem's own text defines, evaluated on the trusted side.

    Args:
        source: The prompt. Text that is no Python counts as empty; an unfinished definition is the candidate's.
    """

    def __init__(self, source: str, entry_point: str) -> None:
        tree = _parse_context(source)
        self.class_names = frozenset(node.name for node in tree.body if isinstance(node, ast.ClassDef))
        unfinished = {getattr(node, "name", "") for node in tree.body if _unfinished(node)} | {entry_point}
        self._tree = ast.Module([node for node in tree.body if getattr(node, "name", "") not in unfinished], [])
        self._defined = _defined(self._tree)
        self.values: dict[str, Any] = {"__name__": "context", "__builtins__": builtins}
        self.failed: Exception | None = None

    def fresh(self) -> "Context":
        """The same, not yet evaluated, for another run."""
        made = copy.copy(self)
        made.values = {"__name__": "context", "__builtins__": builtins}
        return made

    def is_needed(self, used: frozenset[str]) -> bool:
        """Whether the tests use any name that it defines."""
        return not self._defined.isdisjoint(used)

    def evaluate(self, used: frozenset[str]) -> None:
        """Run it, if the tests need it."""
        if not self.is_needed(used):
            return
        for node in self._tree.body:
            code = compile(ast.Module([node], []), "context.py", "exec", dont_inherit=True)
            try:
                exec(code, self.values)
            except (
                Exception
            ) as error:  # a part of the prompt that only works with the candidate; its names stay unknown
                self.failed = error
        for name in [name for name in self.values if name.startswith("__") and name != "__builtins__"]:
            del self.values[name]

    def classes(self) -> dict[str, type]:
        """Classes that it defines."""
        return {name: value for name, value in self.values.items() if isinstance(value, type) and name in self.own}

    @property
    def own(self) -> set[str]:
        """Names of definitions, not of imports."""
        return {node.name for node in self._tree.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))}


def _defined(tree: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.alias):
            found.add((node.asname or node.name).partition(".")[0])
    return found


def infer_entry_point(names: Names) -> str:
    """The function that the tests seem to be about: called in an assert, and neither their own nor a library's.

    It decides whether a name that Python itself has may mean the candidate's function (MBPP/126 defines `sum`): only
    where the tests use no other name that could be the candidate's. It must not depend on the candidate.
    """
    taken = names.own | _starred(names) | _JUDGING
    for name in names.called:
        if not hasattr(builtins, name) and name not in taken:
            return name
    others = (name for name in names.used - names.bound if not hasattr(builtins, name))
    if any(name not in sys.stdlib_module_names for name in others):
        return ""
    return next((name for name in names.called if name not in taken), "")


def _starred(names: Names) -> set[str]:
    """What the tests import from a library without naming it."""
    found: set[str] = set()
    for starred in names.starred:
        module = sys.modules.get(starred) or standins.standard_module(starred)
        found |= set(getattr(module, "__all__", vars(module) if module is not None else ()))
    return found


def fill(values: dict[str, Any], used: Names, names: list[str], context: Context, session: Session, entry: str) -> None:
    """Give the tests' globals every name that they use and do not define: see the module's docstring for the order."""
    for name in used.used - used.top - {entry}:
        if name in context.values and name != "__builtins__":
            values[name] = context.values[name]
        elif name in names and not hasattr(builtins, name):
            values[name] = _library(name) if _is_library(name, used) else lookup(session, name)
    if entry in names:
        values[entry] = lookup(session, entry)
    context.values.update({name: value for name, value in values.items() if name in names and name not in context.own})
