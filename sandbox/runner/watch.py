"""The supervisor's view of one running candidate: its pipes, its limits, its end."""

import contextlib
import json
import os
import select
import signal
import socket
import time

from . import limits
from .channel import Message, dump, parse

_POLL_S = 0.02
_TELL_S = 2.0
_LEAVE_S = 0.05
_KILL_S = 15.0  # on a machine that is very busy; a process in the middle of a system call takes its time
_CUT = "\n… [cut: the program wrote more than {limit} bytes]"


class Refused(Exception):
    """The box could not be built; says nothing about the candidate."""


class Unclean(Exception):
    """Something of a candidate could not be ended; the supervisor must not serve another."""


class Watch:
    """One candidate process with everything that it starts.

    Args:
        descriptors: Our ends: standard output, standard error, status.
        spare: Processes that are not the candidate's.

    Attributes:
        cause: Status and message of the limit that ended it; None while none was passed.
        exit: How it ended by itself: an exit code, or minus a signal's number; None while it runs.
    """

    def __init__(
        self, given: limits.Limits, *, stdout: int, stderr: int, status: int, spare: set[int], isolated: bool
    ) -> None:
        self._limits = given
        self._spare = spare
        self._isolated = isolated
        self._files = {stdout: bytearray(), stderr: bytearray()}
        self._stdout, self._stderr, self._status = stdout, stderr, status
        self._said = bytearray()
        self._open = {stdout, stderr, status}
        self._next_poll = 0.0
        self._taken = 0
        self._before_s = 0.0
        self.started = time.monotonic()
        self.first = 0
        self.cause: tuple[str, str] | None = None
        self.exit: int | None = None
        self.wall_s = self.cpu_s = self._seen_cpu_s = 0.0
        self.memory_bytes = 0
        for descriptor in self._open:
            os.set_blocking(descriptor, False)

    def wait(self, extra: list[int], timeout_s: float) -> list[int]:
        """Drain, poll and wait until one of `extra` can be read, or something happened. Returns what can be."""
        now = time.monotonic()
        if now >= self._next_poll:
            self._poll()
            self._next_poll = time.monotonic() + _POLL_S
        pause = max(0.0, min(self._next_poll - time.monotonic(), timeout_s))
        ready, _, _ = select.select([*self._open, *extra], [], [], pause)
        self._drain([descriptor for descriptor in ready if descriptor in self._open])
        return [descriptor for descriptor in ready if descriptor in extra]

    def drain(self) -> None:
        """Take everything that has been written until now."""
        self._drain(list(self._open))

    def _drain(self, ready: list[int]) -> None:
        for descriptor in ready:
            while True:
                try:
                    chunk = os.read(descriptor, 65536)
                except BlockingIOError:
                    break
                if not chunk:
                    self._open.discard(descriptor)
                    break
                if descriptor == self._status:
                    self._hear(chunk)
                else:
                    self._keep(descriptor, chunk)
                    if self.cause is not None and self.cause[0] == "output_limit":
                        break

    def _keep(self, descriptor: int, chunk: bytes) -> None:
        room = self._limits.output_bytes - sum(map(len, self._files.values()))
        self._files[descriptor] += chunk[: max(room, 0)]
        if len(chunk) > room:
            self.stop("output_limit", f"the program wrote more than {self._limits.output_bytes} bytes")

    def _hear(self, chunk: bytes) -> None:
        self._said += chunk
        while b"\n" in self._said:
            line, _, rest = bytes(self._said).partition(b"\n")
            self._said = bytearray(rest)
            message = json.loads(line)
            if "pid" in message:
                self.first = int(message["pid"])
                self.started = time.monotonic()
            elif "ended" in message:
                self.exit = int(message["ended"])
            elif "crowded" in message:
                self._stop_for_processes()
            else:
                raise Refused(message.get("refused", "unknown"))

    def _poll(self) -> None:
        """Compare the tree with the limits."""
        if not self.first or self.cause is not None:
            return
        given = self._limits
        if time.monotonic() - self.started > given.wall_s:
            self.stop("timeout", f"the program ran longer than {given.wall_s:g} s")
            return
        used = self._measure()
        if used.cpu_s > given.cpu_s:
            self.stop("timeout", f"the program used more than {given.cpu_s:g} s of processor time")
        elif used.memory_bytes > given.memory_bytes:
            self.stop("memory_limit", f"the program used more than {given.memory_bytes} bytes of memory")

    def _measure(self) -> limits.Usage:
        used = limits.measure(self._tree(), self.first, self._limits.memory_bytes)
        self.memory_bytes = max(self.memory_bytes, used.memory_bytes)
        self._seen_cpu_s = max(self._seen_cpu_s, used.cpu_s)
        return used

    def _stop_for_processes(self) -> None:
        self.stop("crashed", f"the program started more than {self._limits.processes} processes or threads")

    def stop(self, status: str, message: str) -> None:
        """End the candidate because of a limit."""
        if self.cause is None and self.exit is None:
            self.cause = (status, message)
            self._measure()  # what is killed with its whole name space is not accounted for
            self.kill()

    def spare(self, pid: int) -> None:
        """Count a process as one of the runner's own."""
        self._spare.add(pid)

    def unspare(self, pid: int) -> None:
        """Forget a process of the runner's own that has ended."""
        self._spare.discard(pid)

    def learn_end(self) -> None:
        """The candidate is known to be gone: wait a little for how it ended."""
        deadline = time.monotonic() + _TELL_S
        while not self.stopped and self._status in self._open and time.monotonic() < deadline:
            self.wait([], _POLL_S)

    def kill(self) -> None:
        """Send the end to every process of the tree."""
        if self._isolated:
            if not self.first:
                return
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.first, signal.SIGKILL)
            return
        for process in self._tree():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process.pid, signal.SIGKILL)

    def finish(self) -> None:
        """End whatever still runs, wait until all of it is gone, and sum up.

        Raises:
            Unclean: Something could not be ended.
        """
        deadline = time.monotonic() + _KILL_S
        gone = False
        self.wall_s = time.monotonic() - self.started
        while not self.first and self._status in self._open and time.monotonic() < deadline:
            select.select([self._status], [], [], _POLL_S)
            self._drain([self._status])
        if self.cause is None:
            self._let_end()
        while not gone:
            self.kill()
            gone = self._reap()
            if time.monotonic() > deadline:
                raise Unclean("a process of the candidate did not end")
            if not gone:
                select.select([], [], [], 0.0005)
        self.cpu_s = max(self.cpu_s, self._seen_cpu_s)
        self.drain()
        for descriptor in (self._stdout, self._stderr, self._status):
            os.close(descriptor)

    def _let_end(self) -> None:
        """Wait a moment for a candidate whose tests are gone to end by itself, so that the kernel sums up its use."""
        deadline = time.monotonic() + _LEAVE_S
        while self.exit is None and self._status in self._open and time.monotonic() < deadline:
            select.select([self._status, *(self._open - {self._status})], [], [], _LEAVE_S)
            self.drain()
        if self.exit is None:
            self._measure()

    def _reap(self) -> bool:
        """Collect ended processes. Whether none is left."""
        while True:
            try:
                pid, _, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return True
            if pid == 0:
                return not self._alive()
            if pid not in self._spare:
                self.cpu_s += usage.ru_utime + usage.ru_stime
                self.memory_bytes = max(self.memory_bytes, usage.ru_maxrss * 1024)

    def _alive(self) -> bool:
        """Whether any child but the spared ones is left."""
        return any(process.pid not in self._spare for process in self._tree())

    def _tree(self) -> list[limits.Process]:
        return limits.tree({self.first} if self.first else set(), self._spare, os.getpid())

    def verdict(self) -> tuple[str, str]:
        """Status and message for what the candidate's end kept from running."""
        if self.cause is not None:
            return self.cause
        if self.exit is None:
            return "crashed", "the program ended before it answered"
        if self.exit >= 0:
            return "crashed", f"the program ended with exit status {self.exit} before it answered"
        try:
            name = signal.Signals(-self.exit).name
        except ValueError:
            name = f"signal {-self.exit}"
        spent = self.cpu_s > 0.9 * self._limits.cpu_s  # the kernel's own limit counts in ticks
        if -self.exit == signal.SIGXCPU or (-self.exit == signal.SIGKILL and spent):
            return "timeout", f"the program used more than {self._limits.cpu_s:g} s of processor time"
        return "crashed", f"the program was ended by {name}"

    def new_stdout(self) -> str:
        """What came on standard output since the last time."""
        self.drain()
        text = bytes(self._files[self._stdout][self._taken :])
        self._taken = len(self._files[self._stdout])
        return _decode(text)

    def output(self) -> tuple[str, str]:
        """Standard output and error in all, cut visibly."""
        texts = [_decode(bytes(self._files[descriptor])) for descriptor in (self._stdout, self._stderr)]
        if self.cause is not None and self.cause[0] == "output_limit":
            longest = 0 if len(texts[0]) >= len(texts[1]) else 1
            texts[longest] += _CUT.format(limit=self._limits.output_bytes)
        return texts[0], texts[1]

    @property
    def raw_stdout(self) -> bytes:
        return bytes(self._files[self._stdout])

    @property
    def stopped(self) -> bool:
        """Whether the candidate has ended or is being ended."""
        return self.cause is not None or self.exit is not None


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


class Reports:
    """Messages of the trusted process, read without blocking."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._buffer = bytearray()
        self.closed = False
        sock.setblocking(False)

    def take(self) -> list[Message]:
        """Complete messages that have come."""
        try:
            while chunk := self.sock.recv(65536):
                self._buffer += chunk
            self.closed = True
        except BlockingIOError:
            pass
        except OSError:
            self.closed = True
        found = []
        while len(self._buffer) >= 4:
            size = int.from_bytes(self._buffer[:4], "big")
            if len(self._buffer) < 4 + size:
                break
            found.append(parse(bytes(self._buffer[4 : 4 + size])))
            del self._buffer[: 4 + size]
        return found

    def acknowledge(self) -> None:
        """Let the trusted process go on."""
        with contextlib.suppress(OSError):
            self.sock.send(dump({}))
