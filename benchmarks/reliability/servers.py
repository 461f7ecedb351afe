"""Throw-away servers: a PostgreSQL and a Redis, each an ordinary process on a free loopback port.

Each can be killed and started again on the same port with the same data.
"""

import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

import psycopg
import redis

_START_S = 60.0


class PartMissing(Exception):
    """A program that has to be on this machine is not."""


class Server(ABC):
    """A server process and its folder."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or Path(tempfile.mkdtemp(prefix="selfdebug-server-"))
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True
            )
        deadline = time.monotonic() + _START_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = (self.folder / "log").read_text(errors="replace")[-2000:]
                raise RuntimeError(f"{type(self).__name__} does not answer:\n{said}")
            time.sleep(0.02)

    def kill(self) -> None:
        """End it at once, without a word to its clients."""
        if self._process is not None:
            self._process.send_signal(self._deadly)
            self._process.wait(_START_S)

    def remove(self) -> None:
        """End it, and remove all that it kept."""
        try:
            self.kill()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    _deadly = signal.SIGKILL

    @abstractmethod
    def _command(self) -> Sequence[str]: ...

    @abstractmethod
    def _answers(self) -> bool: ...


class Redis(Server):
    """A Redis, append-only, as the service is run with."""

    def __init__(self) -> None:
        self._program = shutil.which("redis-server")
        if self._program is None:
            raise PartMissing("no redis-server on this machine")
        super().__init__()
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def flush(self) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def _command(self) -> Sequence[str]:
        where = ("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder))
        return [str(self._program), *where, "--appendonly", "yes", "--save", ""]

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False


class Postgres(Server):
    """A PostgreSQL, run by an ordinary user, as it insists.

    Args:
        folder: Where its data goes; by default a new folder.
        small: With a write-ahead log of a few megabytes, for a small disk.
    """

    _deadly = signal.SIGQUIT  # what a crash is to its clients and its data; SIGKILL would leave its children behind

    def __init__(self, folder: Path | None = None, *, small: bool = False) -> None:
        self._bin = _programs()
        self._as, user = _ordinary_user()
        super().__init__(folder)
        self._small = small
        shutil.chown(self.folder, user)
        size = ["--wal-segsize=1"] if small else []
        options = ["-U", "selfdebug", "--auth=trust", "--encoding=UTF8", "--no-sync", *size]
        command = [*self._as, str(self._bin / "initdb"), "-D", str(self.folder / "data"), *options]
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_START_S, cwd="/", check=True)
        self.start()

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://selfdebug@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement.encode())

    def revive(self) -> None:
        """Wait until it answers again after a crash; start it where it has ended."""
        deadline = time.monotonic() + _START_S
        while not self._answers():
            if not self.running:
                self.start()
            elif time.monotonic() > deadline:
                raise RuntimeError("PostgreSQL does not recover")
            time.sleep(0.1)

    def _command(self) -> Sequence[str]:
        settings = ["listen_addresses=127.0.0.1", f"port={self.port}", "unix_socket_directories=", "fsync=off"]
        if self._small:
            settings += ["min_wal_size=2MB", "max_wal_size=4MB", "restart_after_crash=on"]
        options = [word for setting in settings for word in ("-c", setting)]
        return [*self._as, str(self._bin / "postgres"), "-D", str(self.folder / "data"), *options]

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.url(), connect_timeout=5):
                return True
        except psycopg.OperationalError:
            return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _programs() -> Path:
    """Where Debian keeps them, newest version first; else the path."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    for folder in [*versions, *(Path(found).parent for found in [shutil.which("initdb")] if found)]:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise PartMissing("no PostgreSQL server (initdb, postgres) on this machine")


def _ordinary_user() -> tuple[list[str], str]:
    """What goes before a command so that root does not run it, and who runs it then."""
    if os.geteuid() != 0:
        return [], getpass.getuser()
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"], "postgres"
