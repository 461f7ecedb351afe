"""What the tests hold in place of the candidate's functions, classes and objects.

Equality of such objects is decided here, on plain data, and never by the candidate's `__eq__`, unless the tests name
the class themselves and so ask for its operators; then the verdict is marked.
"""

import collections
from typing import TYPE_CHECKING, Any

from . import remote

if TYPE_CHECKING:
    from .session import Session

PLAIN_TYPES: dict[str, type] = {kind.__name__: kind for kind in (int, float, complex, str, bytes, tuple, frozenset)}


_CONTAINERS: tuple[type, ...] = (list, dict, set, bytearray, collections.deque)
# Methods of those that change them, and so must be called where the object is.
_CHANGING = frozenset(
    [
        *["append", "appendleft", "clear", "extend", "extendleft", "insert", "pop", "popleft", "popitem", "remove"],
        *["reverse", "rotate", "sort", "add", "discard", "update", "setdefault", "subtract", "move_to_end"],
        *["difference_update", "intersection_update", "symmetric_difference_update"],
    ]
)
_OF_TIME_ZONES = ("utcoffset", "dst", "tzname", "fromutc")


class RemoteObject:
    """An object of the candidate, by handle."""

    _sd_session: "Session"
    _sd_number: int
    _sd_equality = "identity"
    _sd_content: Any = None  # the standard container that it is, too

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_sd_"):
            raise AttributeError(name)
        session = self._sd_session
        if session.asks_for(type(self)):
            return session.ask("getattr", self, name)
        if (
            self._sd_content is not None
            and name not in _CHANGING
            and name[:1] != "_"
            and hasattr(self._sd_content, name)
        ):
            return getattr(_content(self), name)
        return _read_unasked(self, type(self), name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._sd_session.ask("setattr", self, name, value)

    def __delattr__(self, name: str) -> None:
        self._sd_session.ask("delattr", self, name)

    def __dir__(self) -> list[str]:
        return list(self._sd_session.ask("names", self))

    def __eq__(self, other: object) -> Any:
        return self._sd_session.comparison.equal(self, other)

    def __ne__(self, other: object) -> Any:
        same = self.__eq__(other)
        return same if same is NotImplemented else not same

    def __hash__(self) -> int:
        return self._sd_session.comparison.hash(self)

    def __str__(self) -> str:
        return str(self._sd_session.ask("operate", self, "__str__", (), {}))

    def __repr__(self) -> str:
        return str(self._sd_session.ask("operate", self, "__repr__", (), {}))

    def __del__(self) -> None:
        session = self.__dict__.get("_sd_session")
        if session is not None and not isinstance(self, tuple(PLAIN_TYPES.values())):
            session.dropped.append(self._sd_number)


class RemoteFunction(RemoteObject):
    """A function or method of the candidate."""

    _sd_name = ""
    _sd_owner = ""  # the class of whose objects it was read, if the tests do not ask for that class

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        found = self._sd_session.call(self, self._sd_name, arguments, keywords)
        if self._sd_owner and type(found) is bool:
            self._sd_session.doubt(f"{self.__name__}() of the candidate's class {self._sd_owner} decided a test")
        return found


class RemoteCoroutine(RemoteObject):
    """A coroutine of the candidate; awaiting it runs it to its end over there."""

    def send(self, value: Any) -> Any:
        raise StopIteration(self._sd_session.ask("run", self))

    def throw(self, *error: Any) -> Any:
        raise error[0] if isinstance(error[0], BaseException) else error[0]()

    def close(self) -> None:
        pass

    def __await__(self) -> Any:
        return self

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        return self.send(None)


class RemoteClass(type):
    """The type of the tests' stand-ins for the candidate's classes."""

    _sd_session: "Session"
    _sd_number: int
    _sd_kept: dict[str, Any]

    def __call__(cls, *arguments: Any, **keywords: Any) -> Any:
        return cls._sd_session.call(cls, cls.__name__, arguments, keywords)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("_sd_"):
            raise AttributeError(name)
        session = cls._sd_session
        return session.ask("getattr", cls, name) if session.asks_for(cls) else _read_unasked(cls, cls, name)

    def __setattr__(cls, name: str, value: Any) -> None:
        kept: dict[str, Any] = cls._sd_kept
        if name not in kept and name in cls._sd_session.ask("names", cls):
            kept[name] = cls._sd_session.ask("getattr", cls, name)
        cls._sd_session.ask("setattr", cls, name, value)

    def __delattr__(cls, name: str) -> None:
        if name in cls._sd_kept:  # a patch is undone so, because patchers look into `__dict__`, where nothing is
            cls._sd_session.ask("setattr", cls, name, cls._sd_kept.pop(name))
        else:
            cls._sd_session.ask("delattr", cls, name)

    def __iter__(cls) -> Any:
        return cls._sd_session.ask("operate", cls, "__iter__", (), {})

    def __len__(cls) -> int:
        return int(cls._sd_session.ask("operate", cls, "__len__", (), {}))

    def __bool__(cls) -> bool:
        return True

    def __getitem__(cls, key: Any) -> Any:
        return cls._sd_session.ask("operate", cls, "__getitem__", (key,), {})

    def __contains__(cls, key: Any) -> bool:
        session = cls._sd_session
        if not session.asks_for(cls):
            return any(item is key or item == key for item in cls)
        session.doubt(f"the candidate's class {cls.__name__} decided a comparison")
        return bool(session.ask("operate", cls, "__contains__", (key,), {}))


def _read_unasked(value: Any, kind: type, name: str) -> Any:
    """An attribute of what belongs to a class that the tests do not ask for."""
    session: Session = value._sd_session
    found = session.ask("getattr", value, name)
    session.unasked += 1
    if type(found) is RemoteFunction:
        vars(found)["_sd_owner"] = kind.__name__
    return found


def _content(value: Any) -> Any:
    """The plain data of a container, as the standard class that it is."""
    found = value._sd_session.ask("data", value)[""]
    kind = value._sd_content
    if type(found) is dict and kind is not dict:
        made = kind()
        made.update(found)
        return made
    return found


def _forward(self: Any, name: str, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    session: Session = self._sd_session
    asked = session.asks_for(type(self))
    if name in remote.REVEALING and not asked:
        return _on_plain_data(self, name, arguments)
    if name == "__exit__":
        return _leave(self, *arguments)
    told = name in remote.REVEALING and not all(isinstance(value, RemoteObject) for value in arguments)
    if name in remote.DECIDING or told:
        session.doubt(f"{name} of the candidate's class {type(self).__name__} decided a comparison")
    found = session.ask("operate", self, name, arguments, keywords)
    if name == "__call__" and not asked:
        session.unasked += 1
        if type(found) is bool:
            session.doubt(f"a call of an object of the candidate's class {type(self).__name__} decided a test")
    return found


def _leave(self: Any, kind: Any, error: Any, trace: Any) -> bool:
    """Leave a context of the candidate, which learns no failure of the tests and can't swallow one."""
    session: Session = self._sd_session
    own = isinstance(error, AssertionError) and "_sd_error" not in vars(error)
    if own:
        kind, error = AssertionError, AssertionError()
    swallowed = bool(session.ask("operate", self, "__exit__", (kind, error, None), {}))
    if error is None or own or not isinstance(error, Exception):
        return False
    if swallowed:
        session.doubt(f"__exit__ of the candidate's class {type(self).__name__} swallowed an exception")
    return swallowed


def _on_plain_data(self: Any, name: str, arguments: tuple[Any, ...]) -> Any:
    """An operator of a class that the tests do not know: as of the built-in type below it, or not supported."""
    for kind in PLAIN_TYPES.values():
        if issubclass(type(self), kind):
            method = getattr(kind, name, None)
            return NotImplemented if method is None else method(self, *arguments)
    if self._sd_content is not None:
        content = _content(self)
        method = getattr(type(content), name, None)
        return NotImplemented if method is None else method(content, *arguments)
    if name == "__contains__" and hasattr(type(self), "__iter__"):
        return any(item is arguments[0] or item == arguments[0] for item in self)
    return NotImplemented if name != "__contains__" else False


def object_class(
    session: "Session", number: int, name: str, doc: str, methods: str, equality: str, plain: str, bases: list[Any]
) -> type:
    """The stand-in for a class of the candidate."""
    parents = tuple(base for base in bases if type(base) is RemoteClass and issubclass(base, RemoteObject))
    body: dict[str, Any] = {
        **remote.special_methods(methods, _forward),
        "__doc__": doc,
        "__module__": "solution",
        "_sd_session": session,
        "_sd_number": number,
        "_sd_kept": {},
        "_sd_equality": equality,
    }
    standard = [base for base in bases if isinstance(base, type) and type(base) is not RemoteClass]
    content = next((base for base in standard if issubclass(base, _CONTAINERS)), None)
    zone = next((base for base in standard if _is_time_zone(base)), None)
    if zone is not None and not any(issubclass(parent, zone) for parent in parents):
        body |= {method: _method_of_zone(method) for method in _OF_TIME_ZONES}
        parents = (*parents, RemoteObject, zone)
    if content is not None:
        body["_sd_content"] = content
        body["__class__"] = property(lambda self: content)  # so that it is an instance of what it derives from
    if plain:
        base = PLAIN_TYPES[plain]
        body |= {"__eq__": base.__eq__, "__ne__": base.__ne__, "__hash__": base.__hash__}
        parents = (*(parent for parent in parents if issubclass(parent, base)), RemoteObject, base)
        parents = tuple(p for p in parents if not any(q is not p and issubclass(q, p) for q in parents))
    return RemoteClass(name, parents or (RemoteObject,), body)


def _is_time_zone(kind: type) -> bool:
    return any(base.__name__ == "tzinfo" and base.__module__ == "datetime" for base in kind.__mro__)


def _method_of_zone(name: str) -> Any:
    """A method that moments call, and that the standard base class would answer by itself."""

    def method(self: Any, *arguments: Any) -> Any:
        return self._sd_session.ask("getattr", self, name)(*arguments)

    return method


def standard_class(kind: Any, name: str, methods: str) -> type:
    """The stand-in for a standard class whose objects do not cross as plain data: generators, matches, files."""
    base = RemoteCoroutine if name == "coroutine" else RemoteObject
    body = remote.special_methods(methods, _forward)
    if isinstance(kind, type):
        body["__class__"] = property(lambda self: kind)
    return type(name, (base,), body)


def exception_class(session: "Session", number: int, name: str, doc: str, bases: list[Any]) -> type:
    """The stand-in for an exception class of the candidate: a real one, below the same standard classes."""
    parents = tuple(base for base in bases if isinstance(base, type) and issubclass(base, BaseException))
    body = {"__doc__": doc, "__module__": "solution", "_sd_session": session, "_sd_number": number}
    try:
        return type(name, parents or (Exception,), body)
    except TypeError:  # bases that cannot be combined here
        return type(name, (Exception,), body)
