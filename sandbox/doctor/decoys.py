"""What the doctor lays out on the host for its attacks to reach, and how it sees that one did.

An attack's own word is not enough: the host looks at what was touched.
"""

import contextlib
import ctypes
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Self

_VARIABLE = "SELFDEBUG_DOCTOR_SECRET"
_VICTIM_S = 900
_IPC_RMID = 0
_ENGINE_SOCKETS = ("/var/run/docker.sock", "/run/containerd/containerd.sock", "/run/podman/podman.sock")


@dataclass(frozen=True)
class Bait:
    """What an attack is told; plain data, because it crosses into the box.

    Attributes:
        files: Files of the host that any user may read.
        folders: Folders of the host that any user may write to.
        listeners: Address family and address of what listens on the host.
        secret: The value of an environment variable of the host.
        victim: The number of a process of the host, and `victim_mark` a word of its command line.
        places: Folders in which to leave a file named `seed`; `seed_port` and `key` are for a listener and for shared
            memory.
    """

    files: list[str]
    folders: list[str]
    listeners: list[tuple[str, tuple[str, int] | str]]
    secret: str
    victim: int
    victim_mark: str
    places: list[str]
    seed: str
    seed_port: int
    key: int


class Decoys:
    """Files, listeners, a process and an environment variable of the host. A context manager."""

    def __init__(self) -> None:
        self._token = secrets.token_hex(4)
        self._stack = contextlib.ExitStack()
        self._servers: list[socket.socket] = []
        self._folders: list[Path] = []

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            self._lay_out(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _lay_out(self, stack: contextlib.ExitStack) -> None:
        token = self._token
        for base in dict.fromkeys([tempfile.gettempdir(), "/var/tmp"]):
            with contextlib.suppress(OSError):
                folder = Path(tempfile.mkdtemp(prefix="selfdebug-doctor-", dir=base))
                stack.callback(shutil.rmtree, folder, ignore_errors=True)
                folder.chmod(0o777)  # a wall must hold, not a mode
                (folder / "secret").write_text(token)
                self._folders.append(folder)
        self._secret = secrets.token_hex(16)
        stack.enter_context(_variable(_VARIABLE, self._secret))
        self._victim = _victim(f"victim-{token}")
        stack.callback(lambda: _end(self._victim))
        listeners = [*self._listen(stack), *(("AF_UNIX", path) for path in _ENGINE_SOCKETS if os.path.exists(path))]
        places = [".", "/tmp", "/var/tmp", "/dev/shm", "/run", str(Path.home())]
        seed = f"seed-{token}"  # 15 characters at most: it becomes the name of a process
        key = int(token, 16) & 0x7FFFFFFF
        for place in places[1:]:
            stack.callback(_unlink, Path(place, seed))
        stack.callback(_forget_shared_memory, key)
        self.bait = Bait(
            files=[*(str(folder / "secret") for folder in self._folders), os.path.abspath(__file__)],
            folders=list(map(str, self._folders)),
            listeners=listeners,
            secret=self._secret,
            victim=self._victim.pid,
            victim_mark=f"victim-{token}",
            places=places,
            seed=seed,
            seed_port=_free_port(),
            key=key,
        )

    def _listen(self, stack: contextlib.ExitStack) -> Iterator[tuple[str, tuple[str, int] | str]]:
        wanted: list[tuple[str, tuple[str, int] | str]] = [("AF_INET", ("127.0.0.1", 0)), ("AF_INET6", ("::1", 0))]
        if self._folders:
            wanted.append(("AF_UNIX", str(self._folders[0] / "socket")))
        if sys.platform == "linux":
            wanted.append(("AF_UNIX", f"\0selfdebug-doctor-{self._token}"))
        for family, address in wanted:
            with contextlib.suppress(OSError):  # a host may have no IPv6
                server = stack.enter_context(socket.socket(getattr(socket, family)))
                server.bind(address)
                server.listen()
                server.setblocking(False)
                self._servers.append(server)
                yield family, address if isinstance(address, str) else server.getsockname()[:2]

    def setup(self) -> str:
        """The trusted source that gives tests the bait."""
        return f"bait = {asdict(self.bait)!r}"

    def touched(self) -> list[str]:
        """What has been reached since the last time, as the host sees it."""
        found = []
        for server in self._servers:
            with contextlib.suppress(BlockingIOError):
                while True:
                    server.accept()[0].close()
                    found.append(f"the listener at {_written(server.getsockname())} was reached")
        for folder in self._folders:
            for path in folder.iterdir():
                if path.name not in ("secret", "socket"):
                    found.append(f"{path} was written")
                    path.unlink()
        if self._victim.poll() is not None:
            found.append("a process of the host was ended")
            self._victim = _victim(self.bait.victim_mark)
            self.bait = replace(self.bait, victim=self._victim.pid)
        return list(dict.fromkeys(found))

    def left(self) -> list[int]:
        """The processes of the attacks that still run on the host."""
        return _named(self.bait.seed)


@contextlib.contextmanager
def _variable(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _written(address: object) -> str:
    if isinstance(address, tuple):
        return f"{address[0]} port {address[1]}"
    return str(address if isinstance(address, str) else os.fsdecode(address)).replace("\0", "@")  # type: ignore[arg-type]


def _victim(mark: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-I", "-S", "-c", f"import time; time.sleep({_VICTIM_S})", mark]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def _unlink(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()


def _forget_shared_memory(key: int) -> None:
    """Remove what an attack without walls may have left."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        segment = libc.shmget(key, 0, 0)
        if segment >= 0:
            libc.shmctl(segment, _IPC_RMID, None)


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _named(name: str) -> list[int]:
    """The host's processes of that name, where the host has `/proc`."""
    found = []
    for path in Path("/proc").glob("[0-9]*/comm"):
        with contextlib.suppress(OSError):
            if path.read_text().strip() == name:
                found.append(int(path.parent.name))
    return found
