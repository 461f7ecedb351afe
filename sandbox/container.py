"""One container, asked line by line over its attached standard streams, and removed with everything in it."""

import asyncio
import contextlib
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sandbox.errors import SandboxCrashed

_STDOUT, _HEADER = 1, 8  # the engine's frames: stream, three zeros, length; Docker Engine API, ContainerAttach
_CHUNK = 2**16
_SAID_BYTES = 4096
_REMOVE_S, _REMOVE_PAUSE_S = 30.0, 0.02


class ContainerBox:
    """A container. Whoever makes one must `end` it, also when starting it failed."""

    def __init__(self, api: Any, create: Callable[[str], object], lost: set[str]) -> None:
        """Prepare a box.

        Args:
            api: The low-level client of the engine.
            create: Creates the container under the name that it is given.
            lost: Where to leave its name if the engine does not say that it is gone.
        """
        self._api = api
        self._create = create
        self._lost = lost
        self._name = f"selfdebug-{uuid.uuid4().hex}"
        # Its own thread, because waiting for an answer takes as long as the candidate: shared ones would run out.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="selfdebug-box")
        self._starting: asyncio.Future[None] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._response: Any = None  # keeps the connection open
        self._sock: Any = None  # a socket, or by ssh something like one
        self._buffer = bytearray()
        self._said = b""

    async def start(self) -> None:
        """Create the container, attach to it and start it.

        Raises:
            SandboxCrashed: The engine refused, or is gone.
        """
        self._starting = asyncio.get_running_loop().run_in_executor(self._thread, self._start)
        await asyncio.shield(self._starting)

    async def ask(self, line: bytes, answer_bytes: int) -> bytes:
        """Send one order; return the line that answers it, which is at most so long.

        Raises:
            SandboxCrashed: The container ended instead, or its answer is longer.
        """
        assert self._sock is not None, "ask comes after start, and before end"
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._converse, self._sock, line, answer_bytes)

    async def end(self) -> None:
        """Remove the container with all that runs in it, and wait until it is gone. Harmless when repeated."""
        if self._ending is None:
            self._ending = asyncio.create_task(self._end())
        await asyncio.shield(self._ending)

    def _start(self) -> None:
        try:
            with _told("the container could not be started"):
                self._create(self._name)
                streams = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
                self._response = self._api.attach_socket(self._name, params=streams)
                self._sock = getattr(self._response, "_sock", self._response)
                self._sock.settimeout(None)
                self._api.start(self._name)
        except SandboxCrashed:
            self._lost.add(self._name)  # an engine that gave no answer may create it all the same, and later
            raise

    def _converse(self, sock: Any, line: bytes, answer_bytes: int) -> bytes:
        answer = bytearray()
        try:
            sock.sendall(line)
            while not answer.endswith(b"\n"):
                header = self._take(sock, _HEADER)
                data = self._take(sock, int.from_bytes(header[4:], "big"))
                if header[0] == _STDOUT:
                    answer += data
                else:
                    self._said = (self._said + data)[-_SAID_BYTES:]
                if len(answer) > answer_bytes:
                    raise SandboxCrashed("the box's answer is longer than any honest one")
        except OSError as error:
            said = self._said.decode("utf-8", "backslashreplace").strip()
            raise SandboxCrashed(f"the container ended without an answer: {said or error}") from error
        return bytes(answer)

    def _take(self, sock: Any, size: int) -> bytes:
        """So many bytes of what the engine sends.

        Raises:
            OSError: It sends no more.
        """
        while len(self._buffer) < size:
            chunk = sock.recv(_CHUNK)
            if not chunk:
                raise ConnectionResetError("the engine closed the connection")
            self._buffer += chunk
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    async def _end(self) -> None:
        if self._starting is not None:
            await asyncio.gather(self._starting, return_exceptions=True)
        if self._sock is not None:
            with contextlib.suppress(OSError):
                self._sock.shutdown(socket.SHUT_RDWR)  # ends a conversation, and with it the thread's wait
        await asyncio.get_running_loop().run_in_executor(self._thread, self._remove)
        self._thread.shutdown(wait=False)

    def _remove(self) -> None:
        if self._response is not None:
            self._response.close()
            self._sock.close()
            self._response = self._sock = None
        if self._starting is not None and not remove(self._api, self._name):
            self._lost.add(self._name)


def remove(api: Any, name: str) -> bool:
    """Remove a container, and wait until it is gone. Whether the engine says that it is."""
    from docker.errors import APIError, NotFound
    from requests.exceptions import RequestException

    deadline = time.monotonic() + _REMOVE_S
    while time.monotonic() < deadline:
        try:
            api.remove_container(name, force=True, v=True)
            return True
        except NotFound:
            return True
        except APIError:  # the engine itself is removing it, because it ended; or it is busy
            time.sleep(_REMOVE_PAUSE_S)
        except RequestException:
            return False
    return False


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    """Turn what the engine and the way to it can say into `SandboxCrashed`."""
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    try:
        yield
    except (DockerException, RequestException, OSError) as error:
        raise SandboxCrashed(f"{what}: {error}") from error
