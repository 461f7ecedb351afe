"""Which name of the tests means what: their own, the problem's context, the standard library, or the candidate."""

import ast
import builtins
import types
from typing import Any

from . import proxies, standins
from .session import Session

MODULE = "solution"


class CandidateModule(types.ModuleType):
    """The candidate's module as the tests see it."""

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
        unfinished = {getattr(node, "name", "") for node in tree.body if _unfinished(node)} | {entry_point}
        self._tree = ast.Module([node for node in tree.body if getattr(node, "name", "") not in unfinished], [])
        self.values: dict[str, Any] = {"__name__": "context", "__builtins__": builtins}
        self.failed: Exception | None = None

    def evaluate(self, needed: frozenset[str]) -> None:
        """Run it, if the tests need any name that it defines."""
        if not any(name in needed for name in _defined(self._tree)):
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


def infer_entry_point(trees: list[ast.AST]) -> str:
    """The function that the tests seem to be about: called in an assert, and by no built-in name if there is one.

    It decides whether a name that Python itself has may mean the candidate's function (MBPP/126 defines `sum`), so it
    must not depend on the candidate.
    """
    called = [
        node.func.id
        for tree in trees
        for statement in ast.walk(tree)
        if isinstance(statement, ast.Assert)
        for node in ast.walk(statement.test)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    own = [name for name in called if not hasattr(builtins, name)]
    return next(iter(own or called), "")


def bound_by(trees: list[ast.AST]) -> set[str]:
    """Names that the tests define or import themselves, outside of functions."""
    found: set[str] = set()
    for tree in trees:
        for node in tree.body if isinstance(tree, ast.Module) else []:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                found.add(node.name)
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                found |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return found


def fill(
    values: dict[str, Any], used: frozenset[str], names: list[str], context: Context, session: Session, entry: str
) -> None:
    """Give the tests' globals every name that they use and do not define: see the module's docstring for the order."""
    for name in used - {entry}:
        if name in context.values and name != "__builtins__":
            values[name] = context.values[name]
        elif name in names and not hasattr(builtins, name):
            values[name] = lookup(session, name)
    if entry in names:
        values[entry] = lookup(session, entry)
        if isinstance(values[entry], proxies.RemoteClass):
            session.asked.add(values[entry])
    context.values.update({name: value for name, value in values.items() if name in names and name not in context.own})
