"""Calls that can't succeed, whatever the arguments' values: too many, too few, or by a name that is not taken.

Only where it is certain what is called: a name that the whole program binds once, a method of a class that nobody
extends, a builtin that nobody hides. What may be changed at run time is left alone: a false alarm costs a repair.
"""

import ast
import inspect
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from selfdebug.feedback.static import signatures
from selfdebug.syntax import FUNCTIONS, Function

_DYNAMIC = frozenset(("exec", "eval", "globals", "locals", "vars", "setattr", "__builtins__", "__import__"))
_FORGIVING = frozenset(("TypeError", "Exception", "BaseException"))
_CATCHING = frozenset(("suppress", "raises", "assertRaises"))

Known = tuple[str, inspect.Signature]


@dataclass(frozen=True)
class BadCall:
    """A call that raises TypeError: its line, and what is wrong with it."""

    line: int
    text: str


@dataclass(frozen=True)
class _Place:
    """The class and the method that a call stands in, and what the method calls its instance."""

    cls: ast.ClassDef
    instance: str


def bad_calls(tree: ast.Module) -> Iterator[BadCall]:
    """Calls that the program's own functions, classes and methods, or Python's builtins, can't take."""
    program = _Program(tree)
    if program.dynamic:
        return
    for call, place in _calls(tree.body, None):
        keywords = [part.arg for part in call.keywords if part.arg is not None]
        if any(isinstance(part, ast.Starred) for part in call.args) or len(keywords) < len(call.keywords):
            continue
        known = program.called(call, place)
        reason = signatures.refusal(known[1], len(call.args), keywords) if known else ""
        if known and reason:
            text = f"this call of `{known[0]}` can't work: {reason}; it takes `{signatures.shown(*known)}`"
            yield BadCall(call.lineno, text)


def _calls(nodes: Iterable[ast.AST], place: _Place | None) -> Iterator[tuple[ast.Call, _Place | None]]:
    """Calls with their places; not those whose TypeError someone may be waiting for, nor a main block's."""
    for node in nodes:
        if isinstance(node, ast.Call):
            yield node, place
        if isinstance(node, ast.With | ast.AsyncWith) and any(_names(item) & _CATCHING for item in node.items):
            continue
        if isinstance(node, ast.Try | ast.TryStar) and any(_forgives(handler) for handler in node.handlers):
            yield from _calls([*node.handlers, *node.orelse, *node.finalbody], place)
        elif isinstance(node, ast.ClassDef):
            for part in node.body:
                yield from _calls([part], _place(node, part))
        else:
            yield from _calls(ast.iter_child_nodes(node), place)


def _forgives(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or bool(_names(handler.type) & _FORGIVING)


def _names(node: ast.AST) -> set[str]:
    return {part.id if isinstance(part, ast.Name) else getattr(part, "attr", "") for part in ast.walk(node)}


def _place(cls: ast.ClassDef, part: ast.stmt) -> _Place | None:
    """Where calls in a part of a class stand; None where nothing is sure to be an instance of it."""
    if not isinstance(part, FUNCTIONS) or part.decorator_list:
        return None
    parameters = [*part.args.posonlyargs, *part.args.args]
    bound = [name for node in ast.walk(part) for name in _binds(node)]
    if not parameters or bound.count(parameters[0].arg) != 1:
        return None
    return _Place(cls, parameters[0].arg)


def _binds(node: ast.AST) -> Iterator[str]:
    """Names that one node binds, or takes away, in whatever scope."""
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, (*FUNCTIONS, ast.ClassDef)):
        yield node.name
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.alias):
        yield (node.asname or node.name).split(".")[0]
    elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
        yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest


class _Program:
    """What a program's names stand for, where that is certain."""

    def __init__(self, tree: ast.Module) -> None:
        nodes = list(ast.walk(tree))
        classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
        members = {id(part) for cls in classes for part in cls.body}
        own = [node for node in nodes if isinstance(node, (*FUNCTIONS, ast.ClassDef)) and id(node) not in members]
        self._bound = Counter(name for node in nodes for name in _binds(node))
        self._own: dict[str, Function | ast.ClassDef] = {n.name: n for n in own if self._bound[n.name] == 1}
        self._extended = {name for cls in classes for base in cls.bases for name in _names(base)}
        self._set = {n.attr for n in nodes if isinstance(n, ast.Attribute) and not isinstance(n.ctx, ast.Load)}
        self.dynamic = any(isinstance(node, ast.Name) and node.id in _DYNAMIC for node in nodes)

    def called(self, call: ast.Call, place: _Place | None) -> Known | None:
        """The name and parameters of what a call calls; None where that is not certain."""
        target = call.func
        if isinstance(target, ast.Name):
            return self._named(target.id)
        if not isinstance(target, ast.Attribute):
            return None
        value = target.value
        if isinstance(value, ast.Name) and place is not None and value.id == place.instance:
            return self._method(place.cls, target.attr)
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
            made = self._own.get(value.func.id)
            return self._method(made, target.attr) if isinstance(made, ast.ClassDef) else None
        return None

    def _named(self, name: str) -> Known | None:
        node = self._own.get(name)
        signature = None
        if isinstance(node, ast.ClassDef):
            signature = signatures.of_class(node)
        elif node is not None:
            signature = signatures.of_function(node) if not node.decorator_list else None
        elif not self._bound[name] and not self._bound["*"]:
            signature = signatures.of_builtin(name)
        return (name, signature) if signature is not None else None

    def _method(self, cls: ast.ClassDef, name: str) -> Known | None:
        found = [node for node in cls.body if name in _binds(node)]
        plain = not cls.decorator_list and not cls.keywords and not set(_names_of_bases(cls)) - {"object"}
        if len(found) != 1 or not plain or name in self._set or cls.name in self._extended:
            return None
        method = found[0]
        if not isinstance(method, FUNCTIONS) or len(method.decorator_list) > 1:
            return None
        decorator = ast.unparse(method.decorator_list[0]) if method.decorator_list else ""
        if decorator not in ("", "staticmethod", "classmethod"):
            return None
        signature = signatures.of_function(method, bound=decorator != "staticmethod")
        return (name, signature) if signature is not None else None


def _names_of_bases(cls: ast.ClassDef) -> list[str]:
    return [base.id if isinstance(base, ast.Name) else "" for base in cls.bases]
