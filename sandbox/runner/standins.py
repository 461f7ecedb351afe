"""Builds the tests' stand-ins for what comes from the candidate: objects, functions, classes, exceptions."""

import sys
import types
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import proxies
from .wire import WireError

if TYPE_CHECKING:
    from .session import Session

# What the candidate may name without the tests having imported it: importing these does nothing else.
_IMPORTABLE = """
    _collections _csv _decimal _io _queue _random _socket _sqlite3 _ssl _struct _thread abc argparse array ast
    asyncio base64 binascii bisect bz2 calendar cmath codecs collections colorsys concurrent configparser contextlib
    contextvars copy csv ctypes dataclasses datetime decimal difflib email enum errno fractions functools getopt
    getpass gettext glob graphlib gzip hashlib heapq hmac html http inspect io ipaddress itertools json keyword
    linecache locale logging lzma marshal math mimetypes numbers operator os pathlib pickle platform pprint pyexpat
    queue random re reprlib sched secrets select selectors shelve shlex shutil signal socket sqlite3 ssl stat
    statistics string struct subprocess sys tarfile tempfile textwrap threading time timeit token tokenize tomllib
    traceback types typing unicodedata urllib uuid warnings weakref xml zipfile zlib zoneinfo
"""
# Exceptions of these mean something to whoever runs tests: `unittest.SkipTest` must not skip one.
_NEVER_REAL = {"unittest", "doctest", "bdb", "pdb"}


def standard_module(name: str) -> Any:
    """A module of the standard library by name; None where there is none such that can be imported harmlessly."""
    root, *inner = name.split(".")
    if root not in sys.stdlib_module_names and root != "builtins":
        return None
    found = sys.modules.get(name)
    if found is not None:
        return found
    if root not in _IMPORTABLE.split() or any(part.startswith("__") for part in inner):
        return None
    try:
        return __import__(name, fromlist=["_"])
    except ImportError:
        return None


def standard_class(module: str, name: str) -> type | None:
    """A class of the standard library by name; None where there is none such."""
    if module.partition(".")[0] in _NEVER_REAL:
        return None
    for kind in vars(types).values():  # `generator` and such, which no module holds under their own name
        if module == "builtins" and isinstance(kind, type) and kind.__name__ == name:
            return kind
    found: Any = standard_module(module)
    reached: type | None = None
    for part in name.split("."):
        found = getattr(found, part, None)
        if not isinstance(found, type):
            return None
        reached = found
    return reached


class StandIns:
    """All stand-ins of one session; the same object always has the same one."""

    def __init__(self, session: "Session") -> None:
        self._session = session
        self._objects: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()
        self._plain: dict[int, Any] = {}  # instances of built-in types, which take no weak reference
        self._classes: dict[int, type] = {}
        self._numbers: dict[type, int] = {}
        self._standard: dict[tuple[str, str], type] = {}
        self._unknown: dict[tuple[str, str], type] = {}
        self._attributed: list[tuple[BaseException, dict[str, Any]]] = []

    @property
    def plain(self) -> bool:
        """Whether no class had to be made, nor an object that stands in for one."""
        return not (self._classes or self._standard or self._unknown or self._plain)

    def number_of(self, value: Any) -> int | None:
        """The handle behind a stand-in; None for anything else."""
        if isinstance(value, type):
            return self._numbers.get(value)
        kind = type(value)
        if issubclass(kind, proxies.RemoteObject):
            return int(value._sd_number)
        return None

    def by_number(self, number: int) -> Any:
        """The stand-in of a handle, while it is in use."""
        return self._classes.get(number) or self._by(number)

    def _by(self, number: int) -> Any:
        value = self._objects.get(number)
        return self._plain.get(number) if value is None else value

    def build(self, tag: str, parts: list[Any]) -> Any:
        """Decode one node that is not plain data.

        Raises:
            WireError: No honest peer sends it.
        """
        builders: dict[str, Callable[..., Any]] = {
            "h": self._object,
            "fn": self._function,
            "k": self._class,
            "g": self._standard_class,
            "m": self._module,
            "x": self._exception,
        }
        if tag not in builders:
            raise WireError("unknown tag")
        return builders[tag](*parts)

    def _object(self, number: int, kind: Any, raw: Any, methods: str) -> Any:
        value = self._by(number)
        if value is not None:
            return value
        if type(kind) is not proxies.RemoteClass:
            name = str(getattr(kind, "__name__", "object"))
            key = (f"{getattr(kind, '__module__', '')}.{name}", methods)
            if key not in self._standard:
                self._standard[key] = proxies.standard_class(kind, name, methods)
            kind = self._standard[key]
        plain = next((base for base in proxies.PLAIN_TYPES.values() if issubclass(kind, base)), None)
        if plain is not None:
            if type(raw) is not plain:
                raise WireError("a value of the wrong type")
            made: Any = plain
            value = self._plain[number] = made.__new__(kind, raw)
            value.__dict__.update(_sd_session=self._session, _sd_number=number)
            return value
        return self._adopt(object.__new__(kind), number)

    def _function(self, number: int, standard: bool, module: str, name: str, doc: str) -> Any:
        value = self._objects.get(number)
        if value is not None:
            return value
        value = self._adopt(object.__new__(proxies.RemoteFunction), number)
        short = name.rpartition(".")[2]
        vars(value).update(__name__=short, __qualname__=name, __doc__=doc, __module__=module, _sd_standard=standard)
        return value

    def _adopt(self, value: Any, number: int) -> Any:
        if type(number) is not int:
            raise WireError("malformed handle")
        vars(value).update(_sd_session=self._session, _sd_number=number)
        self._objects[number] = value
        if number in self._session.dropped:
            self._session.dropped.remove(number)
        return value

    def _class(self, number: int, name: str, doc: str, methods: str, equality: str, plain: str, *bases: Any) -> type:
        known = self._classes.get(number)
        if known is not None:
            return known
        if not all(type(text) is str for text in (name, doc, methods, equality, plain)):
            raise WireError("malformed class")
        if any(isinstance(base, type) and issubclass(base, BaseException) for base in bases):
            made = proxies.exception_class(self._session, number, name, doc, list(bases))
        else:
            made = proxies.object_class(self._session, number, name, doc, methods, equality, plain, list(bases))
        self._classes[number] = made
        self._numbers[made] = number
        return made

    def _standard_class(self, module: str, name: str) -> type:
        found = standard_class(module, name)
        if found is None:
            found = self._unknown.setdefault((module, name), type(name.rpartition(".")[2], (), {}))
        return found

    def _module(self, name: str) -> Any:
        found = standard_module(name)
        return types.ModuleType(str(name)) if found is None else found

    def _exception(self, kind: Any, message: str, arguments: Any, attributes: Any) -> BaseException:
        """An exception as a value: of the tests' own class, never through a constructor of the candidate."""
        if not (isinstance(kind, type) and issubclass(kind, BaseException)):
            name = str(getattr(kind, "__name__", "Exception"))
            kind = self._unknown.setdefault(("", name), type(name, (Exception,), {}))
        if type(arguments) is not tuple or type(attributes) is not dict or type(message) is not str:
            raise WireError("malformed exception")
        try:
            made: Any = kind
            error: BaseException = made.__new__(made, *arguments)
            if kind not in self._numbers:
                error.__init__(*arguments)  # type: ignore[misc]
        except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError):
            error = self._bare(kind, arguments)
        if str(error) != message:
            error = self._worded(error, message)
        self._attributed.append((error, attributes))
        return error

    def finish(self) -> None:
        """Give exceptions their attributes, which are decoded only after them."""
        while self._attributed:
            error, attributes = self._attributed.pop()
            for name, value in attributes.items():
                if type(name) is str:
                    error.__dict__.setdefault(name, value)

    def _bare(self, kind: Any, arguments: tuple[Any, ...]) -> BaseException:
        """An exception that was not made by its class's own constructor."""
        if issubclass(kind, BaseExceptionGroup):
            raise WireError("malformed group")
        bare: Any = type(kind.__name__, (kind,), {"__init__": lambda self, *ignored: None})
        error: BaseException = bare()
        error.args = arguments
        return error

    def _worded(self, error: BaseException, message: str) -> BaseException:
        """The same exception with the text that the candidate's own `__str__` gave."""
        kind = type(error)
        worded = type(kind.__name__, (kind,), {"__str__": lambda self: message, "__module__": kind.__module__})
        try:
            error.__class__ = worded
        except TypeError:
            error.args = (message,)
        return error

    def raised(self, parts: list[Any], syntax: bool) -> BaseException:
        """The exception that a call of the candidate raised, with where it came from noted in the session."""
        from .session import RemoteError

        kind, message, arguments, attributes, traceback, line = parts
        error = self._exception(kind, message, arguments, attributes)
        self.finish()
        if type(traceback) is not str or type(line) is not int:
            raise WireError("malformed exception")
        name = kind.__name__ if isinstance(kind, type) else "Exception"
        error.__dict__["_sd_error"] = RemoteError(name, message, traceback, line, syntax)
        return error
