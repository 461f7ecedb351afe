"""The process that runs the tests of candidates, one after the other, while nothing of them can stay behind.

Tests that might leave something run in a process of their own, forked from it. After a candidate that sent more than
plain values it ends, and a fresh one takes its place: so no candidate's tests run where another's may have left
anything. What takes its place is forked from a process that does nothing else, so that it is small and clean.
"""

import contextlib
import gc
import os
import signal
import socket
from typing import NamedTuple, NoReturn

from . import namespaces, preload, seccomp

HEADER = 8
SPENT, OVER = 0, 1  # how a tester ends by itself: another takes its place, or none
_GONE, _BROKEN = b"gone\n", b"the process that runs the tests has broken down\n"


class Tests(NamedTuple):
    """Tests that run: the number of their process, and whether it is the tester itself."""

    pid: int
    own: bool


class Tester:
    """How the supervisor reaches it.

    Args:
        sock: Jobs go in; out come, a line each, the process of the tests, and then that they have ended.

    Attributes:
        pid: The number of the process from which testers are forked.
    """

    def __init__(self, sock: socket.socket, pid: int) -> None:
        self._sock = sock
        self._lines = sock.makefile("rb")
        self.pid = pid

    def start(self, line: bytes, descriptors: list[int]) -> Tests:
        """Start the tests of a job.

        Args:
            line: The job, as JSON.
            descriptors: The candidate's channel, then what `reports.Teller` takes.

        Raises:
            OSError: The tester is gone.
            ValueError: It could not prepare the tests; the message says why.
        """
        socket.send_fds(self._sock, [len(line).to_bytes(HEADER, "big")], descriptors)
        self._sock.sendall(line)
        said = self._next()
        kind, number = said[:1], said[1:].strip()
        if kind not in (b"o", b"f") or not number.isdigit():
            raise ValueError(said.decode().strip() or "the process that starts the tests is gone")
        return Tests(int(number), kind == b"o")

    def end(self, tests: Tests, *, finished: bool) -> None:
        """Wait until nothing of the tests runs; end them if they have not finished."""
        if not (tests.own and finished):
            with contextlib.suppress(ProcessLookupError):
                os.kill(tests.pid, signal.SIGKILL)
        if tests.own and not finished:
            while self._lines.readline() not in (_GONE, _BROKEN, b""):
                pass
        else:
            self._lines.readline()

    def _next(self) -> bytes:
        """The next line that is not about a tester that has gone, as it should, after it had answered."""
        while (said := self._lines.readline()) == _GONE:
            pass
        return said


def start(*, isolate: bool) -> Tester:
    """Fork the process from which testers are forked."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        ours.close()
        _keep_one(theirs, isolate=isolate)
    theirs.close()
    return Tester(ours, pid)


def _keep_one(sock: socket.socket, *, isolate: bool) -> NoReturn:
    """Fork a tester, and another when it has ended, until the supervisor is gone."""
    try:
        namespaces.die_with_parent()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        keep = sock.fileno()
        os.closerange(3, keep)
        os.closerange(keep + 1, 256)
        from .testing import Server  # only here: the supervisor has no use for it

        preload.load()
        namespaces.hide_memory()  # what is forked from here inherits it
        if isolate:
            namespaces.drop_privileges()
            seccomp.install()
        gc.collect()
        gc.freeze()  # a collection in a forked process would touch, and so copy, all of it
        code = 0
        while code != OVER:
            pid = os.fork()
            if pid == 0:
                Server(sock, isolate=isolate).serve()
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            if code != OVER:
                sock.sendall(_GONE if code == SPENT else _BROKEN)
    finally:
        os._exit(0)
