"""The process from which candidates are forked, one after the other. It never sees a test or a program.

It is the first process of a process name space of its own: what a candidate leaves behind becomes its child, and is
ended before the next candidate is forked. That happens at once: the next one's walls stand when it is asked for.
"""

import contextlib
import gc
import json
import os
import signal
import socket
from typing import Any, NamedTuple, NoReturn

from . import candidate, limits, namespaces, preload, seccomp, tracer

SCRATCH = "/tmp"
# Of candidates without mounts of their own, as the supervisor sees it.
SHARED_SCRATCH = (f"{namespaces.JAIL}/tmp", f"{namespaces.JAIL}/dev/shm")
_MAX_MESSAGE = 4096
_DESCRIPTORS = 5
_CHANNEL, _TELL = 3, 4
_REFUSED = 70  # exit status of a process that could not become a candidate


class Zygote(NamedTuple):
    """How the supervisor reaches the zygote.

    Attributes:
        sock: Orders go in; what becomes of the candidate comes out, one JSON object a packet: `started` with a process
            descriptor, `crowded`, `ended`; or `refused`.
        pid: Its number where the supervisor is.
        walled: No candidate can end it.
    """

    sock: socket.socket
    pid: int
    walled: bool


def start(*, isolate: bool) -> Zygote:
    """Fork the zygote, behind walls of its own or not."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    read, write = os.pipe()
    middle = os.fork()
    if middle == 0:
        ours.close()
        os.close(read)
        _leave(theirs, write, isolate=isolate)
    theirs.close()
    os.close(write)
    pid = os.read(read, 32)  # as the supervisor knows it
    os.close(read)
    os.waitpid(middle, 0)
    ours.send(b"{}")  # the process between is gone: only now is this one the zygote's parent
    return Zygote(ours, int(pid or 0), isolate)


def order(sock: socket.socket, given: dict[str, Any], descriptors: list[int]) -> None:
    """Ask for a candidate process: its channel, stdin, stdout, stderr and, if it shall be traced, a file for that."""
    socket.send_fds(sock, [json.dumps(given).encode()], descriptors)


def hear(sock: socket.socket) -> tuple[dict[str, Any], int]:
    """What the zygote says, and the process descriptor that comes with it, else -1. An empty message: it is gone."""
    data, descriptors, _, _ = socket.recv_fds(sock, _MAX_MESSAGE, 1)
    return json.loads(data) if data else {}, descriptors[0] if descriptors else -1


def _leave(sock: socket.socket, told: int, *, isolate: bool) -> NoReturn:
    """Enter the name spaces and fork their first process, whom the supervisor adopts when this one ends."""
    refusal = ""
    try:
        if isolate:
            try:
                namespaces.leave()
            except OSError as error:
                refusal = str(error)
        pid = os.fork()
        if pid == 0:
            sock.recv(1)
            _Server(sock, isolate=isolate, refusal=refusal).serve()
        os.write(told, str(pid).encode())
    finally:
        os._exit(0)


class _Order(NamedTuple):
    """What is asked for: limits, and where the candidate lives."""

    limits: limits.Limits
    stdin: bool
    cwd: str
    count_processes: bool


class _Waiting(NamedTuple):
    """A process that is a candidate but for its descriptors; or one that could not become so, which `refusal` tells."""

    order: _Order
    pid: int
    sock: socket.socket
    tracer: tracer.Tracer
    refusal: str

    def let_go(self, descriptors: list[int]) -> bool:
        """Give it its descriptors. Whether it lives."""
        try:
            socket.send_fds(self.sock, [b"!"], descriptors)
        except OSError:
            return False
        self.sock.close()
        return True

    def end(self) -> None:
        """End it, and wait until it is gone."""
        self.sock.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self.tracer.follow(lambda: None)


class _Server:
    """Forks candidates until the supervisor is gone."""

    def __init__(self, sock: socket.socket, *, isolate: bool, refusal: str) -> None:
        self._sock = sock
        self._isolate = isolate
        self._refusal = refusal
        self._base = 0
        self._last_pid = -1
        self._settled = namespaces.Settled(mounts=False, proc=False)
        self._spare: _Waiting | None = None

    def serve(self) -> NoReturn:
        """Answer orders. Never returns."""
        try:
            self._settle()
            while True:
                data, descriptors, _, _ = socket.recv_fds(self._sock, _MAX_MESSAGE, _DESCRIPTORS)
                if not data:
                    break
                given = json.loads(data)
                order = _Order(**{**given, "limits": limits.Limits(**given["limits"])})
                if self._refusal:
                    self._say({"refused": self._refusal})
                elif self._shared:
                    self._say(self._serve_one_alone(order, descriptors))
                else:
                    if self._spare is not None and self._spare.order != order:
                        self._spare.end()
                        self._spare = None
                    # Made here in any case: a candidate's depth of recursion begins at that of the fork.
                    self._spare = self._spare or self._make(order, descriptors[1])
                    self._say(self._serve_one(order, descriptors))
                for descriptor in descriptors:
                    os.close(descriptor)
                if self._isolate and self._settled.proc:
                    self._spare = self._make(order)  # the next one will be like this one
        finally:
            os._exit(0)

    def _settle(self) -> None:
        """Become ready to be forked."""
        namespaces.die_with_parent()
        namespaces.one_malloc_arena()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process of a name space gets only what it handles
        null = os.open("/dev/null", os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        keep = self._sock.fileno()
        os.closerange(3, keep)
        os.closerange(keep + 1, min(os.sysconf("SC_OPEN_MAX"), 4096))
        if self._isolate:
            os.environ["TMPDIR"] = SCRATCH
        candidate.add_site_builtins()
        preload.load()
        if self._isolate and not self._refusal:
            try:
                self._settled = namespaces.settle(SCRATCH)
                self._last_pid = _last_pid()
            except OSError as error:
                self._refusal = str(error)
        else:
            namespaces.adopt_orphans()
        self._candidate = candidate.Candidate()
        self._base = limits.address_space()
        gc.collect()
        gc.freeze()

    def _say(self, message: dict[str, Any], descriptors: tuple[int, ...] = ()) -> None:
        with contextlib.suppress(OSError):
            socket.send_fds(self._sock, [json.dumps(message).encode()], descriptors)

    def _serve_one_alone(self, order: _Order, descriptors: list[int]) -> dict[str, Any]:
        """One candidate in a process name space of its own, so that it sees nothing of this process's."""
        read, write = os.pipe()
        namespaces.leave_processes()
        first = os.fork()
        if first == 0:
            os.write(write, json.dumps(self._serve_one(order, descriptors)).encode())
            os._exit(0)
        os.close(write)
        os.waitpid(first, 0)
        last = os.read(read, _MAX_MESSAGE)
        os.close(read)
        if last:
            return dict(json.loads(last))
        return {"ended": -signal.SIGKILL, "cpu_s": 0.0, "memory_bytes": 0}  # with the candidate, for a limit

    def _serve_one(self, order: _Order, descriptors: list[int]) -> dict[str, Any]:
        """One candidate, from when it is let go until nothing of it is left. What has to be said at last."""
        waiting, self._spare = self._spare, None
        if waiting is None or (not waiting.refusal and not waiting.let_go(descriptors)):
            if waiting is not None:
                waiting.end()
            waiting = self._make(order, descriptors[1])
            if not waiting.refusal:
                waiting.let_go(descriptors)
        if waiting.refusal:
            waiting.end()
            return {"refused": waiting.refusal}
        watched = waiting.tracer
        handle = _handle(waiting.pid)
        self._say(
            {"started": waiting.pid, "shared": self._shared, "reaped_s": None if self._shared else watched.before_s},
            (handle,) if handle >= 0 else (),
        )
        if handle >= 0:
            os.close(handle)
        end = watched.follow(lambda: self._say({"crowded": True}))
        return {"ended": end.code, "cpu_s": end.cpu_s, "memory_bytes": end.memory_bytes}

    def _make(self, order: _Order, stdin: int = -1) -> _Waiting:
        """Fork a process that becomes a candidate but for its descriptors, for which it waits.

        Args:
            stdin: Its standard input, if that is known.
        """
        (wait, go), (news, tell) = os.pipe(), os.pipe()
        ours, theirs = socket.socketpair()
        data = None
        if order.stdin and not self._settled.proc:
            data = os.pread(stdin, os.fstat(stdin).st_size, 0)
        if self._last_pid >= 0:
            os.pwrite(self._last_pid, b"1", 0)
        namespaces.show_memory()  # what a fork inherits; nobody lives who could look, and the child waits
        child = os.fork()
        if child == 0:
            os.close(go)
            os.read(wait, 1)
            self._be_candidate(order, tell, theirs, data)
        for descriptor in (wait, tell):
            os.close(descriptor)
        theirs.close()
        namespaces.hide_memory()
        watched = tracer.Tracer(child, order.limits.processes, self._end_all)
        refusal = b""
        try:
            watched.seize()
        except OSError as error:
            if self._isolate:
                os.kill(child, signal.SIGKILL)
                refusal = str(error).encode()
        os.close(go)  # lets it go on
        refusal = refusal or os.read(news, _MAX_MESSAGE)  # it says what it can't do, or closes its end
        os.close(news)
        return _Waiting(order, child, ours, watched, refusal.decode(errors="replace"))

    @property
    def _shared(self) -> bool:
        """Whether candidates use the box's own scratch."""
        return self._isolate and not self._settled.mounts

    def _end_all(self, alive: set[int]) -> None:
        """Send the end to whatever the candidate left."""
        if self._isolate:
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)  # all in the name space but this process itself
            return
        for pid in alive:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)

    def _be_candidate(self, order: _Order, tell: int, descriptors: socket.socket, data: bytes | None) -> NoReturn:
        """Become the candidate: a world of its own, limits, no privileges, and then only its own descriptors."""
        allowed = order.limits
        try:
            os.setsid()
            namespaces.die_with_parent()
            tell = os.dup2(tell, _TELL, inheritable=False)
            os.dup2(descriptors.fileno(), _CHANNEL)
            os.closerange(_TELL + 1, max(tell, descriptors.detach(), 64) + 1)
            if self._isolate:
                namespaces.own_world(self._settled, SCRATCH, allowed.scratch_bytes, allowed.scratch_files, data)
            else:
                os.chdir(order.cwd)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            limits.limit_candidate(allowed, base_bytes=self._base, count_processes=order.count_processes)
            if self._isolate:
                namespaces.drop_privileges()
                seccomp.install()
            else:
                namespaces.no_new_privileges()
            os.umask(0o077)
        except OSError as error:
            os.write(tell, str(error).encode(errors="replace"))
            os._exit(_REFUSED)
        os.close(tell)
        self._candidate.run(_CHANNEL, _take_descriptors())


def _take_descriptors() -> int:
    """Wait for the channel and the standard streams, and put each in its place. What a trace goes to; -1 if nothing."""
    waiting = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, _CHANNEL)
    said, given, _, _ = socket.recv_fds(waiting, 1, _DESCRIPTORS)
    if not said:
        os._exit(0)  # nobody wants it
    waiting.close()
    for place, descriptor in zip((_CHANNEL, 0, 1, 2), given[:4], strict=True):
        if descriptor != place:
            os.dup2(descriptor, place, inheritable=place != _CHANNEL)
            if descriptor > _CHANNEL:
                os.close(descriptor)
    return given[4] if len(given) > 4 else -1


def _handle(pid: int) -> int:
    """A descriptor of a child; -1 where the system has none."""
    try:
        return os.pidfd_open(pid)
    except (OSError, AttributeError):
        return -1


def _last_pid() -> int:
    """A file by which every candidate gets the same process number, and learns nothing of those before it; else -1."""
    try:
        return os.open("/proc/sys/kernel/ns_last_pid", os.O_WRONLY)
    except OSError:
        return -1
