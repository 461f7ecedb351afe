"""This machine under attack: canaries that no program may see, and a look at what programs have left or reached."""

import contextlib
import os
import secrets
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

VARIABLE = "SELFDEBUG_CANARY"
_FOLDERS = ("/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run", "/run/lock", "/")
_TABLES = ("tcp", "tcp6", "udp", "udp6")


@dataclass(frozen=True)
class Host:
    """What is watched.

    Attributes:
        secret: What the canaries hold.
        mark: What programs give as a name to whatever they make; no longer than a process's name may be.
        files: The canary files.
        listeners: Sockets that nobody may reach: TCP, UDP, abstract, by path.
        free_port: With the one above it, what programs listen on.
        key: The key of System V objects that programs make.
    """

    secret: str
    mark: str
    files: tuple[Path, ...]
    listeners: tuple[socket.socket, ...]
    free_port: int
    key: int

    def tokens(self) -> dict[str, str]:
        """What the tokens of a program stand for."""
        tcp, udp, abstract, path = self.listeners
        return {
            "@FILES@": "|".join(map(str, self.files)),
            "@MARK@": self.mark,
            "@TCP@": str(tcp.getsockname()[1]),
            "@UDP@": str(udp.getsockname()[1]),
            "@ABSTRACT@": abstract.getsockname()[1:].decode(),
            "@SOCKET@": path.getsockname(),
            "@LISTEN@": str(self.free_port),
            "@KEY@": str(self.key),
            "@HOST_PID@": str(os.getpid()),
        }

    def marked(self) -> list[int]:
        """Processes that carry the mark, in their arguments or as their name."""
        return [int(name) for name in _all() if self.mark.encode() in _read(name, "cmdline") + _read(name, "comm")]

    def descendants(self) -> int:
        """How many processes there are below this one: the idle boxes', while nothing runs."""
        parents = {name: _parent(name) for name in _all()}
        known = {str(os.getpid())}
        while more := {name for name, parent in parents.items() if parent in known and name not in known}:
            known |= more
        return len(known) - 1

    def traces(self) -> list[str]:
        """Whatever programs have left on this machine, changed on it, or reached of it."""
        found = [str(file) for file in self.files if not file.is_file() or file.read_text() != self.secret]
        for folder in {*_FOLDERS, *(str(file.parent) for file in self.files), os.getcwd()}:
            with contextlib.suppress(OSError):
                found += [f"{folder}/{name}" for name in os.listdir(folder) if self.mark in name]
        ports = {f":{port:04X}" for port in (self.free_port, self.free_port + 1)}
        for table in _TABLES:
            found += [f"{table} {line[1]}" for line in _rows(f"/proc/net/{table}") if line[1][-5:] in ports]
        for path in ("/proc/net/unix", "/proc/keys", "/proc/locks"):
            found += [" ".join(line) for line in _rows(path) if self.mark in " ".join(line)]
        for kind in ("shm", "sem", "msg"):
            found += [f"{kind} {line[1]}" for line in _rows(f"/proc/sysvipc/{kind}") if line[0] == str(self.key)]
        return found + self._visitors()

    def _visitors(self) -> list[str]:
        """Who has reached a listener."""
        found = []
        for listener in self.listeners:
            with contextlib.suppress(BlockingIOError):
                if listener.type == socket.SOCK_DGRAM:
                    found.append(repr(listener.recv(100)))
                else:
                    listener.accept()[0].close()
                    found.append(repr(listener.getsockname()))
        return found


@contextlib.contextmanager
def watched(folder: Path) -> Iterator[Host]:
    """Plant canaries in files, in the environment and behind listeners."""
    number = secrets.token_hex(4)
    mark = f"atk{number}"
    secret = f"canary {secrets.token_hex(16)}"
    with contextlib.ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        working = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="selfdebug-", dir="/var/tmp")))
        patch.setenv(VARIABLE, secret)
        patch.chdir(working)
        files = []
        for place in (folder, working, Path.home(), Path("/dev/shm")):
            file = place / f"selfdebug-canary-{number}"
            file.write_text(secret)
            stack.callback(file.unlink, missing_ok=True)
            files.append(file)
        made = [stack.enter_context(listener) for listener in _listeners(folder / "socket", number)]
        yield Host(secret, mark, tuple(files), tuple(made), _free_port(), int(number, 16) >> 1)


def _listeners(path: Path, number: str) -> tuple[socket.socket, ...]:
    tcp = socket.create_server(("127.0.0.1", 0))
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    abstract, named = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    abstract.bind(f"\0selfdebug-canary-{number}")
    named.bind(str(path))
    for listener in (abstract, named):
        listener.listen()
    for listener in (tcp, udp, abstract, named):
        listener.setblocking(False)
    return tcp, udp, abstract, named


def _free_port() -> int:
    """Two ports beside each other that nobody has, nor is given: those are above."""
    while True:
        port = secrets.randbelow(10_000) + 20_000
        with contextlib.suppress(OSError), socket.socket() as one, socket.socket() as next_one:
            one.bind(("127.0.0.1", port))
            next_one.bind(("127.0.0.1", port + 1))
            return port


def _rows(path: str) -> list[list[str]]:
    """The lines of a table of /proc, in words, without its head."""
    try:
        return [line.split() for line in Path(path).read_text(errors="replace").splitlines() if line.strip()][1:]
    except OSError:
        return []


def _read(process: str, file: str) -> bytes:
    try:
        return Path("/proc", process, file).read_bytes()
    except OSError:
        return b""


def _all() -> list[str]:
    return [name for name in os.listdir("/proc") if name.isdigit()]


def _parent(process: str) -> str:
    fields = _read(process, "stat").rpartition(b")")[2].split()
    return fields[1].decode() if len(fields) > 1 else ""
