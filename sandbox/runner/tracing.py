"""Watches a program of a candidate step by step, from inside its own process, and writes down what it sees.

It shares the process with the program, which can spoil or forge all of it: it is information, and decides nothing.
Where there are very many steps they are only sampled, because looking costs more than running: the first rounds of each
line are written down, and then short stretches now and then, so that the latest one is never long ago.
"""

import __future__

import functools
import os
import sys
import types
from collections.abc import Callable, Iterator
from time import perf_counter as _clock
from typing import Any

from . import hooks
from .brief import brief, is_class, module_of
from .seen import Seen, change, look
from .tracefile import Changes, Writer

_FREE_S = 0.5  # what looking at every step may cost
_FEW = 20  # rounds of a line that are looked at whatever they cost
_SHARE = 0.05  # of the time that passes, for looking after that
_STRETCH = 64  # steps looked at then
_VARIABLES = 24
_LOOKING = 60  # frames that looking takes
_OPTIMIZED = 1  # the flag of a function's code: its variables are not in a dictionary
_PROXY = type((lambda: sys._getframe().f_locals)())
_HIDDEN = {
    id(kind)
    for kind in (
        types.ModuleType,
        types.FunctionType,
        types.BuiltinFunctionType,
        types.GenericAlias,
        types.UnionType,
        type(functools.lru_cache(len)),
        type(__future__.annotations),
    )
}


_recursion_limit, _limit_recursion = sys.getrecursionlimit, sys.setrecursionlimit
_MOST = 2**31 - 1


class Code:
    """One code object of the program, and how often each of its steps has been seen."""

    def __init__(self, code: types.CodeType) -> None:
        self.code = code  # kept, because it is known by its address
        self.instructions = code.co_code
        self.lines = {at: line for first, last, line in code.co_lines() for at in range(first, last, 2) if line}
        self.rounds: dict[str | int, int] = {}


class Tracing:
    """Writes down the steps of one program.

    Attributes:
        codes: The program's own code, by address.
    """

    def __init__(self, descriptor: int) -> None:
        """Take the file into which to write."""
        self.codes: dict[int, Code] = {}
        self._writer = Writer(descriptor)
        self._hooks = hooks.made(self)
        self._known: dict[int, dict[str, Seen]] = {}  # what each variable of a call held, by the frame's address
        self._mark = 0
        self._new = True  # nothing has been seen since the mark changed
        self._running = False
        self._depth = 0
        self._spent_s = 0.0
        self._stretch = 0
        self._began = _clock()
        _limit_recursion(_recursion_limit() + 1 + self._hooks.frames)  # `run`, and being told of a call that just fits
        os.register_at_fork(after_in_child=self._forget)

    def know(self, code: types.CodeType) -> None:
        """Take a program's code for the program's own."""
        self.codes[id(code)] = Code(code)
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                self.know(constant)
        self._hooks.know(code)

    def run(self, mark: int, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function and watch what the program does in it.

        Args:
            mark: What is seen under another mark than before replaces what was seen before; nothing is looked at
                where it is negative.
        """
        if self._running or mark < 0:
            return function(*arguments)
        if mark != self._mark:
            self._mark, self._new = mark, True
        self._running, self._depth = True, 0
        self._hooks.start()
        try:
            return function(*arguments)
        except BaseException as error:
            if not self._hooks.alive():
                self._tell_end(error)
            raise
        finally:
            self._hooks.stop()
            self._running = False
            self._writer.note()

    def _forget(self) -> None:
        """Watch nothing in a process that the program has forked."""
        self._hooks.stop()
        self._writer.detach()

    def enter(self, frame: types.FrameType, code: Code, *, fresh: bool) -> None:
        """A call begins, or goes on."""
        if fresh:
            self._known.pop(id(frame), None)
        self._depth += 1
        self.see("call", frame, code, code.code.co_firstlineno)

    def leave(self, event: str, frame: types.FrameType, code: Code, value: Any = None) -> None:
        """A call ends with a `return`, a `yield`, or, where the event is empty, an exception."""
        if event:
            self.see(event, frame, code, frame.f_lineno or 0, value)
        if event != "yield":
            self._known.pop(id(frame), None)
        self._depth -= 1

    def see(self, event: str, frame: types.FrameType, code: Code, line: int, value: Any = None) -> None:
        """Write down one step, if it is looked at."""
        writer = self._writer
        if self._new:
            self._begin()
        writer.seen += 1
        key = line if event == "line" else event
        rounds = code.rounds[key] = code.rounds.get(key, 0) + 1
        if rounds > _FEW and self._spent_s > _FREE_S and not self._in_a_stretch(event):
            return
        began = _clock()
        limit = _recursion_limit()
        _limit_recursion(limit)  # fails where that would fail afterwards
        _limit_recursion(min(limit + _LOOKING, _MOST))  # now only: the program shall not get deeper than untraced
        try:
            shown = "" if event in ("call", "line") else brief(value)
            changes = self._changes(frame, code)
            writer.put(event, line, max(self._depth - 1, 0), code.code.co_name, changes, shown)
        finally:
            _limit_recursion(limit)
            self._spent_s += _clock() - began

    def _begin(self) -> None:
        self._new = False
        self._known.clear()
        self._writer.clear()
        for code in self.codes.values():
            code.rounds.clear()

    def _in_a_stretch(self, event: str) -> bool:
        """Whether a step is one of those that are looked at now and then."""
        if self._stretch:
            self._stretch -= 1
            return True
        ends = self._depth == 1 and event in ("return", "raise")  # the last that is to be seen of most tests
        if ends and self._spent_s < 2 * _FREE_S:
            return True
        if self._writer.seen % _STRETCH:
            return False
        self._writer.note()
        if self._spent_s > _FREE_S + _SHARE * (_clock() - self._began):
            return False
        self._stretch = _STRETCH
        return True

    def _changes(self, frame: types.FrameType, code: Code) -> Changes:
        """The variables that hold something else than when this call was last looked at."""
        known = self._known.setdefault(id(frame), {})
        changes: Changes = []
        count = 0
        for name, value in _variables(frame, code.code):
            seen = look(value)
            count += 1
            before = known.get(name)
            if before != seen:
                known[name] = seen
                changes.append((name, seen.text if before is None else change(value, before, seen)))
            if count == _VARIABLES:
                return changes
        if len(known) > count:
            held = {name for name, _ in _variables(frame, code.code)}
            for name in [name for name in known if name not in held]:
                del known[name]
                changes.append((name, ""))
        return changes

    def _tell_end(self, error: BaseException) -> None:
        """Write down an exception that came when nobody looked any more: there may have been no room for it."""
        depth, last, trace = -1, None, error.__traceback__
        while trace is not None:
            code = trace.tb_frame.f_code
            if id(code) in self.codes and (last is None or trace.tb_lineno != code.co_firstlineno):
                depth, last = depth + 1, trace  # a call for which there was no room has not begun
            trace = trace.tb_next
        if last is not None and not self._new:
            self._writer.seen += 1
            self._writer.put("raise", last.tb_lineno or 0, depth, last.tb_frame.f_code.co_name, [], brief(error))


def _variables(frame: types.FrameType, code: types.CodeType) -> Iterator[tuple[str, Any]]:
    """Names and values of a call, and of the globals that it uses; no modules, and no functions of the module."""
    held: Any = frame.f_locals
    whole = held is frame.f_globals or not code.co_flags & _OPTIMIZED
    items = dict.items(held) if isinstance(held, dict) else held.items() if type(held) is _PROXY else ()
    for name, value in tuple(items):
        if type(name) is str and name[:1] != "." and name[:2] != "__" and not (whole and _is_hidden(value)):
            yield name, value
    if held is not frame.f_globals:
        for name in code.co_names:
            if name[:2] != "__" and name in frame.f_globals and not _is_hidden(frame.f_globals[name]):
                yield name, frame.f_globals[name]


def _is_hidden(value: Any) -> bool:
    kind = type(value)
    return id(kind) in _HIDDEN or is_class(value) or module_of(kind) == "typing"
