"""How the interpreter tells of a program's steps: `sys.monitoring` where it has that (PEP 669), else `sys.settrace`.

What it calls does everything where exceptions are caught: a frame of its own is all the room that it must have.
"""

import sys
import types
from _thread import get_ident
from collections.abc import Callable
from opcode import opmap
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from .tracing import Code, Tracing

_settrace, _gettrace, _getframe = sys.settrace, sys.gettrace, sys._getframe
_NAME = "selfdebug"
_monitoring: Any = getattr(sys, "monitoring", None)
_LOOPS = {opmap["FOR_ITER"], opmap["SEND"]}  # an exception of their iterator ends them, and is none of the program
# What can go wrong in looking: no room left for it, or something that changes meanwhile.
_HARMLESS = (RecursionError, MemoryError, RuntimeError, ValueError, TypeError, AttributeError, LookupError, OSError)


class Hooks(Protocol):
    """Calls a `Tracing` for each step of the code that it knows.

    Attributes:
        frames: How many there must be room for, so that a call of the program is not refused because it is told of.
    """

    frames: int

    def know(self, code: types.CodeType) -> None:
        """From now on tell of this code, too."""
        ...

    def start(self) -> None:
        """Tell from now on."""
        ...

    def stop(self) -> None:
        """Tell no more."""
        ...

    def alive(self) -> bool:
        """Whether it is still telling: the program, or a stack that is full, can end that."""
        ...


def made(tracing: "Tracing") -> Hooks:
    """What this interpreter has."""
    return _Monitoring(tracing) if _monitoring is not None else _SetTrace(tracing)


class _SetTrace:
    """By the tracing function, called for each step of known code and each call of any."""

    frames = 2

    def __init__(self, tracing: "Tracing") -> None:
        self._tracing = tracing
        self._codes = tracing.codes
        self._resume = opmap["RESUME"]
        self._ends = {opmap["RETURN_VALUE"]: "return", opmap["YIELD_VALUE"]: "yield"}
        self._outer = self._of_any  # one object, to be known again

    def know(self, code: types.CodeType) -> None:
        """The tracing function looks that up."""

    def start(self) -> None:
        _settrace(self._outer)

    def stop(self) -> None:
        _settrace(None)

    def alive(self) -> bool:
        return _gettrace() is self._outer

    def _of_any(self, frame: types.FrameType, event: str, value: Any) -> Any:
        code = self._codes.get(id(frame.f_code))
        if code is None:
            return None
        try:
            at = frame.f_lasti
            fresh = code.instructions[at] == self._resume and code.instructions[at + 1] & 3 == 0
            self._tracing.enter(frame, code, fresh=fresh)
        except _HARMLESS:
            pass
        return self._of_known

    def _of_known(self, frame: types.FrameType, event: str, value: Any) -> Any:
        try:
            code = self._codes[id(frame.f_code)]
            if event == "line":
                self._tracing.see("line", frame, code, frame.f_lineno or 0)
            elif event == "return":
                self._tracing.leave(self._ends.get(code.instructions[frame.f_lasti], ""), frame, code, value)
            elif event == "exception" and code.instructions[frame.f_lasti] not in _LOOPS:
                self._tracing.see("raise", frame, code, frame.f_lineno or 0, value[1])
        except _HARMLESS:
            pass
        return self._of_known


class _Monitoring:
    """By the events of the code that is known; exceptions are told of by all code."""

    frames = 1

    def __init__(self, tracing: "Tracing") -> None:
        self._tracing = tracing
        self._codes = tracing.codes
        self._thread = get_ident()
        self._telling = False
        events = _monitoring.events
        self._local = (
            events.LINE | events.PY_START | events.PY_RESUME | events.PY_RETURN | events.PY_YIELD | events.JUMP
        )
        self._global = events.RAISE | events.PY_UNWIND | events.PY_THROW
        self._tool = next(number for number in range(6) if _monitoring.get_tool(number) is None)
        _monitoring.use_tool_id(self._tool, _NAME)
        callbacks: dict[int, Callable[..., None]] = {
            events.LINE: self._line,
            events.JUMP: self._jump,
            events.PY_START: self._begin,
            events.PY_RESUME: self._go_on,
            events.PY_THROW: self._go_on,
            events.PY_RETURN: self._return,
            events.PY_YIELD: self._yield,
            events.PY_UNWIND: self._unwind,
            events.RAISE: self._raise,
        }
        for event, callback in callbacks.items():
            _monitoring.register_callback(self._tool, event, callback)

    def know(self, code: types.CodeType) -> None:
        _monitoring.set_local_events(self._tool, code, self._local)

    def start(self) -> None:
        self._telling = True
        if self.alive():
            _monitoring.set_events(self._tool, self._global)

    def stop(self) -> None:
        self._telling = False
        if self.alive():
            _monitoring.set_events(self._tool, 0)

    def alive(self) -> bool:
        return bool(_monitoring.get_tool(self._tool) == _NAME)

    def _known(self, code: types.CodeType) -> "Code | None":
        """What is known of the code that a callback is called for; None if that is not to be told."""
        return self._codes.get(id(code)) if self._telling and get_ident() == self._thread else None

    def _line(self, code: types.CodeType, line: int) -> None:
        try:
            if known := self._known(code):
                self._tracing.see("line", _getframe(1), known, line)
        except _HARMLESS:
            pass

    def _jump(self, code: types.CodeType, at: int, to: int) -> None:
        """Another round of a loop that is all on one line is no event of that line."""
        try:
            if to < at and (known := self._known(code)):
                line = known.lines.get(at, 0)
                if line and known.lines.get(to) == line:
                    self._tracing.see("line", _getframe(1), known, line)
        except _HARMLESS:
            pass

    def _begin(self, code: types.CodeType, at: int) -> None:
        try:
            if known := self._known(code):
                self._tracing.enter(_getframe(1), known, fresh=True)
        except _HARMLESS:
            pass

    def _go_on(self, code: types.CodeType, at: int, error: BaseException | None = None) -> None:
        try:
            if known := self._known(code):
                self._tracing.enter(_getframe(1), known, fresh=False)
        except _HARMLESS:
            pass

    def _return(self, code: types.CodeType, at: int, value: Any) -> None:
        try:
            if known := self._known(code):
                self._tracing.leave("return", _getframe(1), known, value)
        except _HARMLESS:
            pass

    def _yield(self, code: types.CodeType, at: int, value: Any) -> None:
        try:
            if known := self._known(code):
                self._tracing.leave("yield", _getframe(1), known, value)
        except _HARMLESS:
            pass

    def _unwind(self, code: types.CodeType, at: int, error: BaseException) -> None:
        try:
            if known := self._known(code):
                self._tracing.leave("", _getframe(1), known)
        except _HARMLESS:
            pass

    def _raise(self, code: types.CodeType, at: int, error: BaseException) -> None:
        try:
            if (known := self._known(code)) and known.instructions[at] not in _LOOPS:
                frame = _getframe(1)
                self._tracing.see("raise", frame, known, frame.f_lineno or 0, error)
        except _HARMLESS:
            pass
