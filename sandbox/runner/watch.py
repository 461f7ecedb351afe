"""The supervisor's view of one running candidate: its pipes, its limits, its end."""

import contextlib
import os
import select
import signal
import time
from collections.abc import Callable
from typing import Any

from . import limits, zygote

_POLL_S = 0.02
_TELL_S = 2.0
_LEAVE_S = 0.05
_KILL_S = 15.0  # on a machine that is very busy; a process in the middle of a system call takes its time
_CUT = "\n… [cut: the program wrote more than {limit} bytes]"
_OVERFULL = ("scratch_limit", "the program's files are too many, or too large in all")
_CHUNK = 2**16  # what a pipe holds


class Refused(Exception):
    """The box could not be built; says nothing about the candidate."""


class Unclean(Exception):
    """Something of a candidate could not be ended; the supervisor must not serve another."""


class Watch:
    """One candidate process with everything that it starts.

    Args:
        stdout, stderr: Our ends of its pipes.
        host: Where jobs come from: nothing comes while one runs, so what can be read there is the end of the host.

    Attributes:
        stdout: As given.
        cause: Status and message of the limit that ended it; None while none was passed.
        exit: How it ended by itself: an exit code, or minus a signal's number; None while it runs.
        trace: What it did, by its own word, as a `sandbox.types.Trace`; None until it has ended, or if not known.
    """

    def __init__(self, given: limits.Limits, maker: zygote.Zygote, *, stdout: int, stderr: int, host: int) -> None:
        self._limits = given
        self._zygote = maker
        self._files = {stdout: bytearray(), stderr: bytearray()}
        self.stdout, self._stderr = stdout, stderr
        self._open = {stdout, stderr}
        self._host = host
        self._handle = -1
        self._taken = 0
        self._started = self._shared = False
        self._gone = False
        self._reaped_s: float | None = 0.0
        self.started = time.monotonic()
        self._next_poll = self.started + _POLL_S
        self.cause: tuple[str, str] | None = None
        self.exit: int | None = None
        self.trace: dict[str, Any] | None = None
        self.wall_s = self.cpu_s = 0.0
        self.memory_bytes = 0
        for descriptor in self._open:
            os.set_blocking(descriptor, False)

    def wait(self, extra: list[int], timeout_s: float, first: Callable[[], None] = lambda: None) -> None:
        """Wait until something happens, hear it, and keep the limits.

        Args:
            extra: Further descriptors that end the wait.
            first: Called before any output is read, of which each pipe is read only once: so what one test printed
                can be told from what the next one prints.

        Raises:
            Unclean: Nobody waits for an answer any more.
        """
        now = time.monotonic()
        if now >= self._next_poll:
            self._poll()
            self._next_poll = time.monotonic() + _POLL_S
        pause = max(0.0, min(self._next_poll - time.monotonic(), timeout_s))
        news = [] if self._gone else [self._zygote.sock.fileno()]
        ready, _, _ = select.select([*self._open, *news, *extra, self._host], [], [], pause)
        if self._host in ready:
            raise Unclean("the host is gone")
        first()
        for descriptor in ready:
            if descriptor in self._open:
                self._read(descriptor)
            elif descriptor in news:
                self._hear()

    def drain(self) -> None:
        """Take everything that has been written until now."""
        for descriptor in tuple(self._open):
            while descriptor in self._open and self._read(descriptor):
                pass

    def _read(self, descriptor: int) -> bool:
        """Read once. Whether there may be more that is of use."""
        try:
            chunk = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return False
        if not chunk:
            self._open.discard(descriptor)
            return False
        room = self._limits.output_bytes - sum(map(len, self._files.values()))
        self._files[descriptor] += chunk[: max(room, 0)]
        if len(chunk) > room and self.cause is None:  # also where it has ended meanwhile
            self.cause = ("output_limit", f"the program wrote more than {self._limits.output_bytes} bytes")
            self._kill()
        return len(chunk) <= room

    def _hear(self) -> None:
        """Take one message of the zygote.

        Raises:
            Refused: The box could not be built.
            Unclean: The zygote is gone.
        """
        try:
            message, handle = zygote.hear(self._zygote.sock)
        except BlockingIOError:
            return
        if "started" in message:
            self._handle, self._started, self._shared = handle, True, message["shared"]
            self._reaped_s = message["reaped_s"]
            self.started = time.monotonic()
            if self.cause is not None:
                self._kill()
        elif "ended" in message:
            self._gone = True
            self.wall_s = time.monotonic() - self.started
            self.cpu_s = max(self.cpu_s, message["cpu_s"])
            self.memory_bytes = max(self.memory_bytes, message["memory_bytes"])
            if self.cause is None:
                self.exit = message["ended"]
        elif "crowded" in message:
            self.stop("process_limit", f"the program started more than {self._limits.processes} processes or threads")
        elif "refused" in message:
            self._gone = True
            raise Refused(message["refused"])
        elif self._zygote.walled:
            self._gone = True
            raise Unclean("the process that starts the candidates is gone")
        else:  # its candidates, which it traces, end with it
            self._gone = True
            self.exit = -signal.SIGKILL

    def _poll(self) -> None:
        """Compare the tree with the limits."""
        if not self._started or self.stopped:
            return
        given = self._limits
        if time.monotonic() - self.started > given.wall_s:
            self.stop("timeout", f"the program ran longer than {given.wall_s:g} s")
            return
        used = limits.measure(limits.tree(self._zygote.pid), given.memory_bytes)
        gone_s = 0.0 if self._reaped_s is None else limits.reaped_s(self._zygote.pid) - self._reaped_s
        self.memory_bytes = max(self.memory_bytes, used.memory_bytes)
        self.cpu_s = max(self.cpu_s, used.cpu_s + gone_s)
        if used.cpu_s + gone_s > given.cpu_s:
            self.stop("timeout", f"the program used more than {given.cpu_s:g} s of processor time")
        elif used.memory_bytes > given.memory_bytes:
            self.stop("memory_limit", f"the program used more than {given.memory_bytes} bytes of memory")
        elif self._shared and _is_overfull(given):
            self.stop(*_OVERFULL)

    def stop(self, status: str, message: str) -> None:
        """End the candidate because of a limit."""
        if not self.stopped:
            self.cause = (status, message)
            self._kill()

    def _kill(self) -> None:
        """End the candidate's first process; the zygote then ends all others."""
        if self._handle >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
            return
        for process in limits.tree(self._zygote.pid) if self._started and not self._gone else []:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process.pid, signal.SIGKILL)

    def learn_end(self) -> None:
        """The candidate is known to be gone: wait a little for how it ended."""
        deadline = time.monotonic() + _TELL_S
        while not self.stopped and time.monotonic() < deadline:
            self.wait([], _POLL_S)

    def finish(self) -> None:
        """End whatever still runs, wait until all of it is gone, and sum up.

        Raises:
            Unclean: Something could not be ended.
        """
        began = time.monotonic()
        try:
            while not self._gone:
                now = time.monotonic()
                if self.cause is not None or now > began + _LEAVE_S:
                    self._kill()  # else it has a moment to end by itself, now that its tests are gone
                if now > began + _KILL_S:
                    raise Unclean("a process of the candidate did not end")
                select.select([self._zygote.sock.fileno(), *self._open], [], [], _LEAVE_S)
                self._hear()
                self.drain()
            self.drain()
            if self._shared and self.cause is None and _is_overfull(self._limits):
                self.cause = _OVERFULL
        finally:
            for descriptor in (self.stdout, self._stderr, *([self._handle] if self._handle >= 0 else [])):
                os.close(descriptor)

    def take_trace(self, descriptor: int) -> None:
        """Read what the candidate wrote of what it did, now that it has ended."""
        from . import tracefile

        self.trace = tracefile.read(descriptor)

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
        if -self.exit == signal.SIGXFSZ:
            return "file_size_limit", f"the program wrote a file of more than {self._limits.file_bytes} bytes"
        return "crashed", f"the program was ended by {name}"

    def new_stdout(self, *, drain: bool) -> str:
        """What came on standard output since the last time, as far as it has been read; all of it with `drain`."""
        if drain:
            self.drain()
        text = bytes(self._files[self.stdout][self._taken :])
        self._taken = len(self._files[self.stdout])
        return _decode(text)

    def output(self) -> tuple[str, str]:
        """Standard output and error in all, cut visibly."""
        texts = [_decode(bytes(self._files[descriptor])) for descriptor in (self.stdout, self._stderr)]
        if self.cause is not None and self.cause[0] == "output_limit":
            longest = 0 if len(texts[0]) >= len(texts[1]) else 1
            texts[longest] += _CUT.format(limit=self._limits.output_bytes)
        return texts[0], texts[1]

    @property
    def raw_stdout(self) -> bytes:
        return bytes(self._files[self.stdout])

    @property
    def stopped(self) -> bool:
        """Whether the candidate has ended or is being ended."""
        return self.cause is not None or self.exit is not None


def _is_overfull(given: limits.Limits) -> bool:
    return any(limits.is_overfull(folder, given) for folder in zygote.SHARED_SCRATCH)


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")
