"""One running box that is a process that runs the runner, asked line by line, and ended with everything in it.

Knows nothing of any backend: what to start comes as a `Launch`.
"""

import asyncio
import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO

from sandbox.errors import SandboxCrashed

_STDERR_BYTES = 4096  # the end of what a box says on standard error; the cause of its death is there
_DEATH_S = 1.0  # for a box that closed its output to say why and end

_STOP_LOOKS, _STOP_LOOK_S = 500, 0.001  # how often, and after what pause, to look whether all has stopped
INFO = "{info}"


@dataclass(frozen=True)
class Launch:
    """How to start a box.

    Attributes:
        command: Program and arguments.
        environment: The whole environment of the command; nothing is inherited.
        announces: The command writes JSON with `child-pid`, the process whose death ends all others in the box, to
            the descriptor whose number replaces `INFO` in `command`, once the walls stand.
        scratch: Give the box a temporary folder of its own on the host, as `TMPDIR` and `HOME`.
    """

    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    announces: bool = False
    scratch: bool = False


class ProcessBox:
    """A box that is a process of this machine. Whoever makes one must `end` it, also when starting it failed."""

    def __init__(self, launch: Launch) -> None:
        """Prepare a box; nothing is started yet."""
        self.launch = launch
        self._process: subprocess.Popen[bytes] | None = None
        self._transports: list[asyncio.ReadTransport | asyncio.WriteTransport] = []
        self._files: list[IO[bytes]] = []
        self._stderr: asyncio.Task[None] | None = None
        self._said = b""
        self._init: int | None = None  # a descriptor, because a process number may come to mean another process
        self._scratch = ""

    async def start(self) -> None:
        """Start it, and wait until its walls stand.

        Raises:
            SandboxCrashed: It could not be started.
        """
        launch = self.launch
        if launch.scratch:
            self._scratch = tempfile.mkdtemp(prefix="selfdebug-box-")
        ours, theirs = _news_pipe() if launch.announces else (-1, -1)
        try:
            process = self._process = self._spawn(theirs)
        except OSError as error:
            _close(ours)
            raise SandboxCrashed(f"the box could not be started: {error}") from error
        finally:
            _close(theirs)
        self._files = [pipe for pipe in (process.stdin, process.stdout, process.stderr) if pipe is not None]
        stdin, stdout, stderr = self._files
        if launch.announces:
            self._files.append(os.fdopen(ours, "rb", 0))
        self._stdin = await self._writer(stdin)
        self._stdout = await self._reader(stdout, 2**16)
        self._stderr = asyncio.create_task(self._listen(await self._reader(stderr, 2**16)))
        if launch.announces:
            await self._meet(await self._reader(self._files[-1], 2**16))

    async def ask(self, line: bytes, answer_bytes: int) -> bytes:
        """Send one order; return the line that answers it, which is at most so long.

        Raises:
            SandboxCrashed: The box ended instead, or its answer is longer.
        """
        parts: list[bytes] = []
        left = answer_bytes
        with contextlib.suppress(ConnectionError):
            self._stdin.write(line)
            await self._stdin.drain()
            while left > 0 and (part := await self._stdout.read(2**16)):
                parts.append(part)
                left -= len(part)
                if part.endswith(b"\n"):
                    return b"".join(parts)
        if left <= 0:
            raise SandboxCrashed("the box's answer is longer than any honest one")
        raise SandboxCrashed(await self._obituary("the box ended without an answer"))

    async def end(self) -> None:
        """End the box with all that runs in it, and wait until it is gone. Harmless when repeated."""
        process = self._process
        try:
            if process is not None:
                self._kill(process)
                await asyncio.shield(asyncio.to_thread(process.wait))
        finally:
            if self._stderr is not None:
                self._stderr.cancel()
            self._hang_up()
            if self._init is not None:
                _close(self._init)
                self._init = None
            if self._scratch:
                shutil.rmtree(self._scratch, ignore_errors=True)

    def _hang_up(self) -> None:
        for transport in self._transports:
            if isinstance(transport, asyncio.WriteTransport) and not transport.is_closing():
                transport.abort()  # closing would first write what is left, and nobody reads it
            else:
                transport.close()
        for file in self._files:  # a transport would close its own, had there been time to make one
            file.close()
        self._transports, self._files = [], []

    def _spawn(self, info: int) -> subprocess.Popen[bytes]:
        scratch = {"TMPDIR": self._scratch, "HOME": self._scratch} if self._scratch else {}
        return subprocess.Popen(
            [str(info) if word == INFO else word for word in self.launch.command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**self.launch.environment, **scratch},
            cwd=self._scratch or "/",
            start_new_session=True,  # no controlling terminal, and Ctrl-C is for the host alone
            pass_fds=[info] if info >= 0 else [],
        )

    def _kill(self, process: subprocess.Popen[bytes]) -> None:
        """Kill everything in the box, without waiting.

        Killing the first process of a process namespace ends all of it, before that process can be waited for; its
        parent outside then ends by itself, after them. Where there is none, the processes are looked for.
        """
        if self._init is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._init, signal.SIGKILL)
            return
        if process.returncode is not None:
            return
        for victim in _stopped_tree(process.pid):
            _signal(victim, signal.SIGKILL)
        process.kill()

    async def _meet(self, info: asyncio.StreamReader) -> None:
        """Learn which process is the first in the box."""
        try:
            said = await info.readuntil(b"}")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            raise SandboxCrashed(await self._obituary("the box could not be started")) from error
        number = re.search(rb'"child-pid"\s*:\s*(\d+)', said)
        if number is None:
            raise SandboxCrashed(f"the box did not say which process is its first: {said[:200]!r}")
        try:
            self._init = os.pidfd_open(int(number[1]))
        except ProcessLookupError as error:
            raise SandboxCrashed(await self._obituary("the box ended at once")) from error

    async def _obituary(self, what: str) -> str:
        """Say what happened with what the box said last."""
        how = ""
        if self._process is not None and self._stderr is not None:
            await asyncio.wait([self._stderr], timeout=_DEATH_S)
            with contextlib.suppress(subprocess.TimeoutExpired):
                how = f" (exit status {await asyncio.to_thread(self._process.wait, _DEATH_S)})"
        said = self._said.decode("utf-8", "backslashreplace").strip()
        return f"{what}{how}: {said or 'it said nothing'}"

    async def _listen(self, stderr: asyncio.StreamReader) -> None:
        while chunk := await stderr.read(2**16):
            self._said = (self._said + chunk)[-_STDERR_BYTES:]

    async def _reader(self, pipe: IO[bytes], limit: int) -> asyncio.StreamReader:
        reader = asyncio.StreamReader(limit)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        self._transports.append(transport)
        return reader

    async def _writer(self, pipe: IO[bytes]) -> asyncio.StreamWriter:
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, pipe)
        self._transports.append(transport)
        return asyncio.StreamWriter(transport, protocol, None, loop)


def _stopped_tree(process: int) -> set[int]:
    """Stop a process and all below it, where the system has `/proc`; return their numbers.

    What is stopped first can't escape by forking while it is looked for: bwrap, for one, leaves a process that waits
    for ever when its parent is killed while it sets up.
    """
    asked: set[int] = set()
    for _ in range(_STOP_LOOKS):
        states = _tree(process)
        for each in states.keys() - asked:
            _signal(each, signal.SIGSTOP)
        if states.keys() <= asked and all(state in b"TtZX" for state in states.values()):
            break
        asked |= states.keys()
        time.sleep(_STOP_LOOK_S)
    return asked


def _tree(process: int) -> dict[int, bytes]:
    """The states of a process and of those below it."""
    states: dict[int, bytes] = {}
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc") if os.path.isdir("/proc/self") else []:
        if entry.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{entry}/stat", "rb") as file:
                state, parent = file.read().rpartition(b")")[2].split()[:2]
                states[int(entry)] = state
                children.setdefault(int(parent), []).append(int(entry))
    found = [process]
    for each in found:  # grows while it is walked
        found += children.get(each, [])
    return {each: states[each] for each in found if each in states}


def _signal(process: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(process, number)


def _news_pipe() -> tuple[int, int]:
    """A pipe whose writer reads it too, so that it can write when this process is gone.

    A bwrap that can't say who its first process is ends at once, and that process would wait for it for ever.
    """
    ours, theirs = os.pipe()
    try:
        return ours, os.open(f"/proc/self/fd/{theirs}", os.O_RDWR | os.O_CLOEXEC)
    finally:
        os.close(theirs)


def _close(descriptor: int) -> None:
    if descriptor >= 0:
        os.close(descriptor)
