"""Classes whose instances stand for an object in the other process. Both sides make them, from names alone."""

from collections.abc import Callable, Iterable
from typing import Any

_BINARY = "add sub mul truediv floordiv mod divmod pow lshift rshift and or xor matmul"
FORWARDED = frozenset(
    f"__{name}__"
    for name in (
        *_BINARY.split(),
        *(f"r{name}" for name in _BINARY.split()),
        *(f"i{name}" for name in _BINARY.split() if name != "divmod"),
        *["neg", "pos", "abs", "invert", "round", "trunc", "floor", "ceil", "int", "float", "complex", "index", "bool"],
        *["len", "length_hint", "iter", "next", "reversed", "getitem", "setitem", "delitem", "contains", "missing"],
        *["lt", "le", "gt", "ge", "enter", "exit", "format", "bytes", "fspath", "call", "copy", "deepcopy"],
        *["str", "repr"],
    )
)
# Their result alone can decide an assert.
DECIDING = frozenset({"__lt__", "__le__", "__gt__", "__ge__", "__contains__", "__bool__"})
# Their operand may be what a test expects: `f(x) - 3 == 0` would tell the candidate.
REVEALING = DECIDING - {"__bool__"} | {f"__{side}{name}__" for name in _BINARY.split() for side in ("", "r", "i")}

_PLAIN = (object, int, float, complex, str, bytes, tuple, frozenset)  # of these the tests hold the value itself

Forward = Callable[..., Any]


def describe(kind: type) -> str:
    """The forwarded special methods that a class has beyond `object`, separated by spaces."""
    found: set[str] = set()
    for base in kind.__mro__:
        if base not in _PLAIN:
            found |= FORWARDED & base.__dict__.keys()
    return " ".join(sorted(found))


def operate(value: Any, name: str, arguments: Iterable[Any], keywords: dict[str, Any]) -> Any:
    """Apply a special method to an object of this side."""
    if name not in FORWARDED:
        raise TypeError(f"{name} does not cross")
    if name == "__call__":
        return value(*arguments, **keywords)
    if name == "__str__":
        return "".join([str(value)])
    if name == "__repr__":
        return "".join([repr(value)])
    if name == "__getitem__" and isinstance(value, type) and not hasattr(type(value), name):
        (key,) = arguments
        return value[key]  # type: ignore[index]
    method = getattr(type(value), name, None)
    if method is None:
        raise TypeError(f"{type(value).__name__!r} object has no {name}")
    return method(value, *arguments)


def special_methods(names: str, forward: Forward) -> dict[str, Any]:
    """Methods for a class body that forward to the other side: `forward(self, name, args, kwargs)`."""
    return {name: _method(name, forward) for name in names.split() if name in FORWARDED}


def _method(name: str, forward: Forward) -> Callable[..., Any]:
    def method(self: Any, /, *arguments: Any, **keywords: Any) -> Any:
        return forward(self, name, arguments, keywords)

    method.__name__ = method.__qualname__ = name
    return method
