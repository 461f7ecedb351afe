"""The tester's own side: keeps the suites of a job compiled, and runs them."""

import collections
import contextlib
import json
import os
import socket
from typing import NoReturn

from . import limits, pytest_site, trusted
from .channel import Message
from .tester import HEADER, OVER, SPENT

_DESCRIPTORS = 4
_KEPT = 256  # suites that are ready; their syntax trees are not kept
_RUNS = 1000  # before a fresh process takes over
_GROWTH_BYTES = 128 * 2**20  # of its address space, likewise
_BROKEN = 70
_DONE = b"\n"

Suites = collections.OrderedDict[str, trusted.Prepared]  # by the suite as JSON, the longest unused first


class Server:
    """One tester."""

    def __init__(self, sock: socket.socket, *, isolate: bool) -> None:
        self._sock = sock
        self._isolate = isolate
        self._suites: Suites = collections.OrderedDict()
        self._base_bytes = limits.address_space()

    def serve(self) -> NoReturn:
        """Run tests until the supervisor is gone, or it is better to begin afresh."""
        code = _BROKEN
        try:
            trusted.enter(walled=self._isolate)
            code, clean, runs = SPENT, True, 0
            while clean and runs < _RUNS and limits.address_space() < self._base_bytes + _GROWTH_BYTES:
                head, descriptors, _, _ = socket.recv_fds(self._sock, HEADER, _DESCRIPTORS)
                if not head:
                    code = OVER
                    break
                job = json.loads(_read(self._sock, int.from_bytes(head, "big")))
                clean = self._serve_one(job, trusted.Descriptors(*descriptors))
                runs += 1
        except BaseException as error:  # on the way out, whatever it is: the supervisor learns of it
            code = _BROKEN
            said = " ".join(f"{type(error).__name__}: {error}".split())[:500]
            with contextlib.suppress(OSError):
                self._sock.sendall(f"the tests' process has broken down: {said}\n".encode(errors="replace"))
        finally:
            os._exit(code)

    def _serve_one(self, job: Message, held: trusted.Descriptors) -> bool:
        """Run the tests of one job, and wait until they are gone. Whether this process is as it was before."""
        try:
            prepared = self._prepared(job)
        except ImportError as error:
            _close(held)
            self._sock.sendall(f"{error}\n".encode())
            return True
        clean = True
        if prepared.pure:
            self._sock.sendall(b"o%d\n" % os.getpid())
            clean = trusted.run_here(held, job, prepared)
        else:
            pid = os.fork()
            if pid == 0:
                self._sock.close()
                trusted.run(held, job, prepared, walled=self._isolate)
            _close(held)
            self._sock.sendall(b"f%d\n" % pid)
            os.waitpid(pid, 0)
        self._sock.sendall(_DONE)
        return clean

    def _prepared(self, job: Message) -> trusted.Prepared:
        """The suite of a job, ready to run.

        Raises:
            ImportError: It needs pytest, and pytest can't be imported.
        """
        suite = job["suite"]
        key = json.dumps(suite)
        found = self._suites.get(key)
        if found is None:
            if suite["kind"] == "pytest":
                pytest_site.provide(job["site"])
            found = self._suites[key] = trusted.prepare(suite)
            if len(self._suites) > _KEPT:
                self._suites.popitem(last=False)
        else:
            self._suites.move_to_end(key)
        return found


def _close(held: trusted.Descriptors) -> None:
    for descriptor in held:
        os.close(descriptor)


def _read(sock: socket.socket, size: int) -> bytearray:
    line = bytearray(size)
    view = memoryview(line)
    while view:
        count = sock.recv_into(view)
        if not count:
            os._exit(0)
        view = view[count:]
    return line
