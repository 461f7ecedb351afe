"""The candidate's side of the wire: its objects by handle, its exceptions as text, borrowed objects of the tests."""

import collections
import functools
import sys
import types
import weakref
from collections.abc import Callable
from typing import Any

from . import remote
from .plain import CODECS, Codec
from .wire import Encoder, Node, WireError

SHARED_TAG = "o"

_FUNCTIONS = (
    types.FunctionType,
    types.MethodType,
    types.BuiltinFunctionType,
    types.MethodWrapperType,
    types.MethodDescriptorType,
    functools.partial,
)
_RAW: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (int, lambda value: int.__add__(value, 0)),
    (float, float.__float__),
    (complex, lambda value: complex(value.real, value.imag)),
    (str, lambda value: str.__add__("", value)),
    (bytes, lambda value: bytes.__add__(b"", value)),
    (tuple, lambda value: tuple(tuple.__iter__(value))),
    (frozenset, lambda value: frozenset(frozenset.__iter__(value))),
)
_CONTENT: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (list, lambda value: list(list.__iter__(value))),
    (dict, lambda value: dict(dict.items(value))),
    (set, lambda value: set(set.__iter__(value))),
    (bytearray, lambda value: bytearray(bytearray.__getitem__(value, slice(None)))),
    (collections.deque, lambda value: collections.deque(collections.deque.__iter__(value))),
)

AskTests = Callable[[str, list[Any], dict[str, Any]], Any]


def is_standard(value: Any) -> bool:
    """Whether a class or function is what its own name finds in a standard module."""
    if isinstance(value, type) and not value.__flags__ & _HEAP_TYPE:
        return True
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str) or module.partition(".")[0] not in _STANDARD:
        return False
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found is value


_HEAP_TYPE = 1 << 9  # a class made at run time: all that programs define, and some of the library's
_STANDARD = sys.stdlib_module_names | {"builtins"}


class Exports:
    """Handles of the candidate's objects, and stand-ins for objects of the tests.

    Args:
        ask: Calls the tests' side about one of their objects.

    Attributes:
        shared: The candidate's version of each class that the problem's context defines. Instances cross by value.
    """

    def __init__(self, ask: AskTests) -> None:
        self._ask = ask
        self._objects: dict[int, Any] = {}
        self._numbers: dict[int, int] = {}
        self._borrowed: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()
        self._borrowed_numbers: dict[int, int] = {}
        self._borrowed_classes: dict[str, type] = {}
        self._next = 0
        self.shared: dict[str, type] = {}
        self.codecs = {**CODECS, SHARED_TAG: shared_codec(self.shared)}

    def handle(self, value: Any) -> int:
        """The number under which the tests know an object."""
        number = self._numbers.get(id(value))
        if number is None:
            number = self._numbers[id(value)] = self._next
            self._objects[number] = value
            self._next += 1
        return number

    def home(self, number: int) -> Any:
        """The object of a number."""
        return self._objects[number]

    def forget(self, numbers: list[int]) -> None:
        """Drop objects that the tests no longer hold."""
        for number in numbers:
            value = self._objects.pop(number, None)
            self._numbers.pop(id(value), None)

    def node(self, encoder: Encoder, value: Any) -> Node:
        """Encode what is not plain data."""
        kind = type(value)
        if id(value) in self._borrowed_numbers and self._borrowed.get(self._borrowed_numbers[id(value)]) is value:
            return ["H", self._borrowed_numbers[id(value)]]
        if issubclass(kind, type):
            return self._class_node(encoder, value)
        if issubclass(kind, types.ModuleType) and value.__name__.partition(".")[0] in _STANDARD:
            return ["m", value.__name__]
        if issubclass(kind, BaseException):
            attributes = {name: item for name, item in vars(value).items() if name[:2] != "__"}
            return ["x", *map(encoder.item, (kind, text_of(value), _arguments(value), attributes))]
        if self.shared.get(kind.__name__) is kind:
            return [SHARED_TAG, *map(encoder.item, self.codecs[SHARED_TAG].extract(value))]
        if kind in _FUNCTIONS:
            named = [str(getattr(value, name, "") or "") for name in ("__module__", "__qualname__", "__doc__")]
            standard = kind is types.BuiltinFunctionType and is_standard(value)
            return ["fn", self.handle(value), standard, *map(encoder.item, named)]
        names = remote.describe(kind) if is_standard(kind) else ""
        return ["h", self.handle(value), *map(encoder.item, (kind, _raw(value), names))]

    def _class_node(self, encoder: Encoder, value: Any) -> Node:
        if is_standard(value):
            return ["g", value.__module__, value.__qualname__]
        names = "" if issubclass(value, BaseException) else remote.describe(value)
        bases = [base for base in value.__bases__ if base is not object]
        plain = next((base.__name__ for base, _ in _RAW if issubclass(value, base)), "")
        head = [str(value.__name__), str(value.__doc__ or ""), names, equality(value), plain]
        return ["k", self.handle(value), *map(encoder.item, head), *map(encoder.item, bases)]

    def special(self, tag: str, parts: list[Any]) -> Any:
        """Decode what is not plain data."""
        if tag == "H":
            return self._objects[parts[0]]
        if tag == "g":
            module, name = parts
            found = __import__(module, fromlist=["_"])
            return functools.reduce(getattr, name.split("."), found)
        if tag == "m":
            return __import__(parts[0], fromlist=["_"])
        if tag == "x":
            kind, message, arguments = parts
            error = kind.__new__(kind, *arguments)
            error.args = arguments or (message,)
            return error
        if tag in ("tf", "to"):
            return self._borrow(tag, *parts)
        raise WireError(f"unknown tag {tag}")

    def _borrow(self, tag: str, number: int, name: str, methods: str) -> Any:
        """A stand-in for a function or an object of the tests."""
        value = self._borrowed.get(number)
        if value is None:
            value = self._function(number, name) if tag == "tf" else self._object(number, name, methods)
            self._borrowed[number] = value
            self._borrowed_numbers[id(value)] = number
        return value

    def _function(self, number: int, name: str) -> Any:
        def function(*arguments: Any, **keywords: Any) -> Any:
            return self._ask("operate", [number, "__call__", arguments], keywords)

        function.__name__ = function.__qualname__ = name
        return function

    def _object(self, number: int, name: str, methods: str) -> Any:
        kind = self._borrowed_classes.get(f"{name} {methods}")
        if kind is None:
            ask = self._ask

            def forward(self: Any, method: str, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
                return ask("operate", [object.__getattribute__(self, "_number"), method, arguments], keywords)

            def get(self: Any, attribute: str) -> Any:
                return ask("getattr", [object.__getattribute__(self, "_number"), attribute], {})

            def put(self: Any, attribute: str, value: Any) -> None:
                ask("setattr", [object.__getattribute__(self, "_number"), attribute, value], {})

            def same(self: Any, other: Any) -> Any:
                return ask("equal", [object.__getattribute__(self, "_number"), other], {})

            body = {
                **remote.special_methods(methods, forward),
                "__getattr__": get,
                "__setattr__": put,
                "__eq__": same,
                "__hash__": lambda self: hash(object.__getattribute__(self, "_number")),
            }
            kind = self._borrowed_classes[f"{name} {methods}"] = type(name, (), body)
        value = kind()
        object.__setattr__(value, "_number", number)
        return value


def _arguments(error: BaseException) -> tuple[Any, ...]:
    """What an exception can be made from; of a group as a tuple, because a list is filled only later."""
    if isinstance(error, BaseExceptionGroup):
        return error.message, tuple(error.exceptions)
    return error.args


def _raw(value: Any) -> Any:
    """The plain value under an instance of a subclass of an immutable built-in type; None for others."""
    for base, extract in _RAW:
        if issubclass(type(value), base):
            return extract(value)
    return None


def text_of(error: BaseException) -> str:
    """`str()` of an exception, whatever its class does."""
    try:
        return "".join([str(error)])
    except BaseException as failure:  # the candidate's own __str__
        return f"<str() raised {type(failure).__name__}>"


def equality(kind: Any) -> str:
    """What `==` means for a class: `identity`, `data` (a dataclass), `content` (of a container), `own`."""
    for base in kind.__mro__:
        if "__eq__" in base.__dict__:
            if base is object:
                return "identity"
            parameters = base.__dict__.get("__dataclass_params__")
            if parameters is not None and parameters.eq:
                return "data"
            return "content" if is_standard(base) else "own"
    return "identity"


def shared_codec(classes: dict[str, type]) -> Codec:
    """Instances of classes that both sides have, as name and attributes."""

    def extract(value: Any) -> list[Any]:
        return [type(value).__name__, *(part for pair in state(value).items() for part in pair)]

    def refill(value: Any, parts: list[Any]) -> None:
        for name in state(value):
            object.__delattr__(value, name)
        for name, item in zip(parts[::2], parts[1::2], strict=True):
            object.__setattr__(value, name, item)

    def build(parts: list[Any]) -> Any:
        return object.__new__(classes[parts[0]])

    return Codec(SHARED_TAG, "", "", extract, build, refill, changeable=True)


def state(value: Any) -> dict[str, Any]:
    """The attributes of an object, slots included."""
    found = dict(getattr(value, "__dict__", {}))
    for base in type(value).__mro__:
        slots = base.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__") and hasattr(value, name):
                found.setdefault(name, getattr(value, name))
    return found


def data(value: Any) -> dict[str, Any]:
    """The plain data that two objects are compared on."""
    fields = getattr(type(value), "__dataclass_fields__", None)
    if fields is not None and equality(type(value)) == "data":
        names = [field.name for field in fields.values() if field.compare and field._field_type.name == "_FIELD"]
        return {name: getattr(value, name) for name in names}
    found = state(value)
    for base, extract in _CONTENT:
        if issubclass(type(value), base):
            found[""] = extract(value)
    return found
