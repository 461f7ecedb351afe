"""Whole programs: each case is a fresh process. What it printed is only reported here; the host compares it."""

import base64
import re
import socket
from typing import Any

from .channel import ChannelError, FrameTooLarge, Message, dump, parse
from .outcome import limit_of
from .recorder import cut
from .watch import Watch

_REPORT_BYTES = 2**20  # an honest program says one thing, and far less

Result = dict[str, Any]


class Report:
    """What the program says of its own end. Anyone in its process may write there, so no more than some is read."""

    def __init__(self, sock: socket.socket, most: int = _REPORT_BYTES) -> None:
        self._sock = sock
        self._most = most
        self._data = bytearray()
        self.open = True
        sock.setblocking(False)

    def take(self) -> None:
        """Take what has come."""
        try:
            while self.open:
                chunk = self._sock.recv(65536)
                self._data += chunk
                self.open = bool(chunk) and len(self._data) < self._most
        except BlockingIOError:
            return
        except OSError:
            self.open = False

    def message(self) -> Message | None:
        """What it says; None where it says nothing that can be understood."""
        size = int.from_bytes(self._data[:4], "big")
        if len(self._data) < 4 + size:
            return None
        try:
            return parse(bytes(self._data[4 : 4 + size]))
        except ChannelError:
            return None

    def exception(self) -> tuple[Result, bool] | None:
        """The exception that it says it ended with, and whether it did not compile; None where it says nothing."""
        return exception_of(self.message() or {})


def exception_of(message: Message) -> tuple[Result, bool] | None:
    """The exception that a message tells of, as a result has it, and whether the program did not compile."""
    given = message.get("exception")
    if not isinstance(given, dict):
        return None
    kind, said, traceback, line = (given.get(name) for name in ("type", "message", "traceback", "line"))
    if not (isinstance(kind, str) and isinstance(said, str) and isinstance(traceback, str)):
        return None
    if type(line) is not int or not 0 <= line < 2**31:
        return None
    info = {"type": cut(kind, 200), "message": cut(said, 2000), "traceback": cut(traceback, 4000), "line": line}
    return info, message.get("syntax") is True


def limit_of_text(info: Result) -> str:
    """The status of the limit that an exception tells of; empty if of none."""
    number = re.match(r"\[Errno (\d{1,5})\]", info["message"])
    match info["type"]:
        case "MemoryError":
            return limit_of(MemoryError())
        case "RuntimeError":
            return limit_of(RuntimeError(info["message"]))
        case "OSError" if number is not None:
            return limit_of(OSError(int(number[1]), ""))
    return ""


def inputs(suite: Message) -> list[bytes]:
    """What each run reads."""
    return [base64.b64decode(data) for data in suite["stdin"]]


def follow(rpc: socket.socket, watch: Watch, program: str) -> tuple[Result, bool] | None:
    """Run a program to its end. The exception that it says it ended with, and whether it did not compile."""
    try:
        rpc.sendall(dump({"mode": "main", "program": program}))
    except FrameTooLarge:
        watch.stop("memory_limit", "the program's own text is too large")
    except OSError:
        pass  # it has ended already; how is told another way
    report = Report(rpc)
    while not watch.stopped:
        watch.wait([rpc.fileno()] if report.open else [], 1.0)
        report.take()
    report.take()
    return report.exception()


def describe(watch: Watch, said: tuple[Result, bool] | None) -> Result:
    """How one run ended, with all that it printed.

    The status is None where the program ended by itself with exit status 0 and within its limits: then, and only
    then, its output decides. What it says of itself is believed only of a run that has failed in any case.
    """
    status, message, exception = None, "", None
    if watch.cause is not None:
        status, message = watch.cause
    elif watch.exit == 1 and said is not None:
        exception, syntax = said
        status = "syntax_error" if syntax else limit_of_text(exception) or "error"
    elif watch.exit != 0:
        status, message = watch.verdict()
        message = message.removesuffix(" before it answered")
    return {
        "status": status,
        "message": message,
        "exception": exception,
        "stdout": base64.b64encode(watch.raw_stdout).decode("ascii"),
        "stderr": watch.output()[1],
        "wall_s": watch.wall_s,
        "cpu_s": watch.cpu_s,
        "memory_bytes": watch.memory_bytes,
        "trace": watch.trace,
    }
