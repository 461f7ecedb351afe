"""The file in memory through which a traced program tells its steps: it outlives whatever ends the program.

A fixed size, an append-only head for the first steps, and two halves that are filled in turns for the last ones. Each
step is a line of JSON. Whoever is traced can write anything into it, and can spoil only what is told of itself.
"""

import contextlib
import fcntl
import json
import mmap
import os
import struct
from typing import Any

SIZE = 2**16
_HEADER = struct.Struct("<QIIII")  # steps seen; bytes in the head and in each half; which half is the newer one
_ROOMS = ((64, 24 * 1024), (24 * 1024, 44 * 1024), (44 * 1024, SIZE))  # the head and the halves
_MOST = 120  # steps in each of them
_STEP_BYTES = 4000
_EVENTS = frozenset({"call", "line", "return", "yield", "raise"})
_TEXT = 1000  # characters of one text, as read
_CHANGES = 64  # of one step, as read
_NUMBER = 2**53

Step = dict[str, Any]
Changes = list[tuple[str, str]]

_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def create() -> int:
    """A new file whose size can't be changed."""
    descriptor = os.memfd_create("trace", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(descriptor, SIZE)
    with contextlib.suppress(OSError):  # where the system can't, the limit of a file's size bounds it
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL)
    return descriptor


class Writer:
    """The end of the traced program.

    Attributes:
        seen: How many steps there were, also those that are not written.
    """

    def __init__(self, descriptor: int) -> None:
        """Take the file, and close the descriptor."""
        self._map: mmap.mmap | bytearray = mmap.mmap(descriptor, SIZE)
        os.close(descriptor)
        self.clear()

    def detach(self) -> None:
        """Write into nothing from now on."""
        self._map = bytearray(SIZE)

    def clear(self) -> None:
        """Begin anew."""
        self.seen = 0
        self._used = [0, 0, 0]
        self._steps = [0, 0, 0]
        self._room = 0
        self.note()

    def note(self) -> None:
        """Write down how many steps there were."""
        _HEADER.pack_into(self._map, 0, self.seen, *self._used, self._room)

    def put(self, event: str, line: int, depth: int, function: str, changes: Changes, value: str) -> None:
        """Write the step that is the latest one seen."""
        step = [self.seen, event, line, depth, function, changes, value]
        data = _encode(step).encode("ascii") + b"\n"
        while len(data) > _STEP_BYTES and changes:
            changes = step[5] = changes[: len(changes) // 2]
            data = _encode(step).encode("ascii") + b"\n"
        if len(data) > _STEP_BYTES:
            return
        room = self._room
        start, end = _ROOMS[room]
        if self._steps[room] == _MOST or start + self._used[room] + len(data) > end:
            room = self._room = 2 if room == 1 else 1
            self._used[room] = self._steps[room] = 0
            start, end = _ROOMS[room]
        at = start + self._used[room]
        self._map[at : at + len(data)] = data
        self._used[room] += len(data)
        self._steps[room] += 1
        self.note()


def read(descriptor: int) -> dict[str, Any] | None:
    """The fields of a `sandbox.types.Trace`, of what is written there; None where that is nothing.

    What no `Writer` writes is left out. Nobody writes any more.
    """
    data = os.pread(descriptor, SIZE, 0).ljust(SIZE, b"\0")
    seen, *used, newer = _HEADER.unpack_from(data)
    first, one, other = (
        _steps(data[start : min(start + length, end)]) for (start, end), length in zip(_ROOMS, used, strict=True)
    )
    numbered = first[:_MOST] + [*(other + one if newer == 1 else one + other)][-_MOST:]
    steps: list[Step] = []
    last = 0
    for number, step in numbered:
        if number > last:
            steps.append({**step, "skipped": number - last - 1})
            last = number
    return {"steps": steps, "skipped": max(min(seen, _NUMBER) - last, 0)} if steps else None


def _steps(data: bytes) -> list[tuple[int, Step]]:
    return [step for line in data.splitlines() if (step := _step(line)) is not None]


def _step(line: bytes) -> tuple[int, Step] | None:
    """The number of a step, and its fields; None if it is not one."""
    try:
        number, event, at, depth, function, changes, value = json.loads(line)
        if not all(type(each) is int and 0 <= each < _NUMBER for each in (number, at, depth)):
            return None
        changed = [(_text(name), _text(text)) for name, text in changes[:_CHANGES]]
        step = {"line": at, "depth": depth, "function": _text(function), "changed": changed}
        if event not in _EVENTS:
            return None
        return number, {**step, "event": event, "value": _text(value)}
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _text(value: Any) -> str:
    if type(value) is not str:
        raise TypeError("not a text")
    return value[:_TEXT]
