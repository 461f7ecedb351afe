"""Trajectory files: one event a line, flushed as it happens, readable after any interruption.

The state of a solve is what its events fold to, so a file is all that is needed to show a solve again or to go on.
"""

import json
import os
from collections import deque
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from selfdebug.errors import InputError
from selfdebug.events import Event, Submitted
from selfdebug.loop import begin, step
from selfdebug.state import State


@cache
def _adapter() -> TypeAdapter[Event]:
    return TypeAdapter(Annotated[Event, Field(discriminator="kind")])


def to_json(event: Event) -> str:
    """One line of JSON. Pure ASCII: a program may hold lone surrogates, which have no UTF-8."""
    return json.dumps(_adapter().dump_python(event))


def from_json(line: str | bytes) -> Event:
    """The event of one line.

    Raises:
        ValueError: It is not JSON, or not an event (then it is pydantic's `ValidationError`).
    """
    return _adapter().validate_python(json.loads(line))


def read(path: Path) -> tuple[Event, ...]:
    """The events of a trajectory file. A last line without its end, as a killed process leaves it, is left out.

    Raises:
        InputError: The file cannot be read, or a whole line in it is not an event.
    """
    try:
        lines = path.read_bytes().split(b"\n")[:-1]
    except OSError as error:
        raise InputError(str(path), "", f"cannot be read: {error.strerror}; expected a trajectory file") from None
    events = []
    for number, line in enumerate(lines, 1):
        try:
            events.append(from_json(line))
        except ValueError as error:
            raise InputError(str(path), f"line {number}", f"not an event of a solve: {_first(error)}") from None
    if events and not isinstance(events[0], Submitted):
        raise InputError(str(path), "line 1", "a trajectory begins with a `submitted` event")
    return tuple(events)


def states(events: Iterable[Event]) -> Iterator[State]:
    """The state after each event.

    Raises:
        ValueError: There is no event, or the first one is not `Submitted`.
    """
    iterator = iter(events)
    first = next(iterator, None)
    if not isinstance(first, Submitted):
        raise ValueError("a trajectory begins with a `submitted` event")
    state, _ = begin(first)
    yield state
    for event in iterator:
        state, _ = step(state, event)
        yield state


def fold(events: Iterable[Event]) -> State:
    """The state that the events lead to.

    Raises:
        ValueError: There is no event, or the first one is not `Submitted`.
    """
    [state] = deque(states(events), maxlen=1)
    return state


def _first(error: ValueError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors()[0]
    return ": ".join(filter(None, (".".join(map(str, first["loc"])), first["msg"])))


class TrajectoryFile:
    """Appends events to a file, each on disk before `write` returns. A torn last line is cut off first."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = open(path, "a+b")  # noqa: SIM115  closed by `close`
        self._file.seek(0)
        whole = self._file.read().rfind(b"\n") + 1
        self._file.truncate(whole)

    def write(self, event: Event) -> None:
        self._file.write(to_json(event).encode("ascii") + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> "TrajectoryFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
