"""Throw-away servers for tests: PostgreSQL and Redis, each an ordinary process on a free loopback port.

Each can be killed and started again on the same port with the same data, for tests of what outlives that.
"""

import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import NoReturn

import psycopg
import pytest
import redis

_START_S = 60.0


def missing(what: str) -> NoReturn:
    """In CI a part that is not there is a failure; elsewhere what needs it is skipped."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


class PostgresServer:
    """A PostgreSQL of its own, run by an ordinary user, as its server wants it."""

    def __init__(self) -> None:
        self._bin = _postgres_programs()
        self._as, user = _ordinary_user()
        self._folder = Path(tempfile.mkdtemp(prefix="selfdebug-pg-"))
        shutil.chown(self._folder, user)
        self.port = free_port()
        self._run("initdb", "-D", self._data, "-U", "selfdebug", "--auth=trust", "--encoding=UTF8", "--no-sync")
        self.start()

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://selfdebug@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement.encode())

    def start(self) -> None:
        options = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories='' -c fsync=off"
        self._run("pg_ctl", "-D", self._data, "-w", "-l", self._data + "/log", "-o", options, "start")

    def stop(self) -> None:
        """End it at once, without a word to its clients."""
        self._run("pg_ctl", "-D", self._data, "-w", "-m", "immediate", "stop")

    def remove(self) -> None:
        try:
            self.stop()
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as, str(self._bin / program), *arguments]
        # Into a file: a server that was started would hold a pipe open.
        with (self._folder / "output").open("w+") as output:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, timeout=_START_S, cwd="/", check=False
            )
            output.seek(0)
            assert done.returncode == 0, f"{command}: {output.read()}"


class RedisServer:
    """A Redis of its own, append-only, as the service is run with."""

    def __init__(self) -> None:
        program = shutil.which("redis-server")
        if program is None:
            missing("no redis-server")
        self._program = program
        self._folder = Path(tempfile.mkdtemp(prefix="selfdebug-redis-"))
        self.port = free_port()
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        where = ("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder))
        self._process = subprocess.Popen(
            [self._program, *where, "--appendonly", "yes", "--save", ""],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + _START_S
        while not self._answers():
            assert self._process.poll() is None, "redis-server has ended"
            assert time.monotonic() < deadline, "redis-server does not answer"
            time.sleep(0.02)

    def flush(self) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def stop(self) -> None:
        """End it at once, without a word to its clients."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(timeout=_START_S)

    def remove(self) -> None:
        try:
            self.stop()
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _postgres_programs() -> Path:
    """Where Debian keeps them, newest version first; else the path."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    for folder in [*versions, *(Path(found).parent for found in [shutil.which("initdb")] if found)]:
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    missing("no PostgreSQL server (initdb, pg_ctl)")


def _ordinary_user() -> tuple[list[str], str]:
    """What goes before a command so that root does not run it, and who runs it then."""
    if os.geteuid() != 0:
        return [], getpass.getuser()
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"], "postgres"
