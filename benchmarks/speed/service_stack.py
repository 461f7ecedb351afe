"""A whole service of its own on this machine, started for a measurement and ended after it.

`celery`: `selfdebug serve` and a worker for each queue, over PostgreSQL (with `fsync`) and Redis (append-only), as
`compose.yaml` starts them. `embedded`: `selfdebug serve` alone, over SQLite. The settings are the defaults.
"""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis
from sqlalchemy import func, select, text

import benchmarks
from benchmarks.reliability.servers import Postgres, Redis
from benchmarks.speed.peers.job import NotMeasured
from benchmarks.speed.service_meter import Account, Memory, Spent, memory
from selfdebug.service.records import Status
from selfdebug.service.store import migrate
from selfdebug.service.store.engine import Database
from selfdebug.service.store.tables import jobs

ROOT = Path(benchmarks.__file__).parents[1]
CELERY, EMBEDDED = "celery", "embedded"
QUEUES = ("advance", "generate", "execute")
_START_S = 90.0
_STOP_S = 20.0


class _Durable(Postgres):
    """A PostgreSQL that waits for the disk at each commit, as in production."""

    def _command(self) -> Sequence[str]:
        return [*super()._command(), "-c", "fsync=on"]


@dataclass(frozen=True)
class Servers:
    """What stacks stand on, one after the other."""

    postgres: Postgres
    redis: Redis

    @classmethod
    @contextmanager
    def started(cls) -> Iterator["Servers"]:
        """Throw-away servers, until the context ends.

        Raises:
            PartMissing: Their programs are not on this machine.
        """
        broker = Redis()
        try:
            database = _Durable()
            try:
                yield cls(database, broker)
            finally:
                database.remove()
        finally:
            broker.remove()


@dataclass(frozen=True)
class Site:
    """What stacks are started with.

    Attributes:
        servers: None where there are none, and so no `celery`.
    """

    model: str
    account: Account
    servers: Servers | None


@dataclass(frozen=True)
class Traffic:
    """What the service has asked of its servers so far: transactions, and commands of Redis."""

    transactions: int = 0
    commands: int = 0

    def since(self, earlier: "Traffic") -> "Traffic":
        return Traffic(self.transactions - earlier.transactions, self.commands - earlier.commands)


class Stack:
    """A service at work. To be had from `running`."""

    def __init__(self, kind: str, folder: Path, site: "Site") -> None:
        self.kind, self._folder, self._servers, self._account = kind, folder, site.servers, site.account
        self.address = ""
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._database: Database
        self._name = f"speed_{folder.name.replace('-', '_').lower()}"

    @classmethod
    @asynccontextmanager
    async def running(cls, kind: str, site: "Site", *, workers: bool = True) -> AsyncIterator["Stack"]:
        """A service with an empty store, until the context ends. Nobody else uses the site meanwhile.

        Args:
            workers: Without them jobs are accepted and wait.

        Raises:
            NotMeasured: It does not start.
        """
        folder = Path(tempfile.mkdtemp(prefix="selfdebug-speed-"))
        stack = cls(kind, folder, site)
        try:
            stack._start(site.model, QUEUES if workers and kind == CELERY else ())
            await stack._ready(QUEUES if workers and kind == CELERY else ())
            yield stack
        finally:
            await asyncio.to_thread(stack._end)

    def spent(self) -> Spent:
        """What has been spent so far, by its parts and in boxes."""
        return self._account.spent(self._pids, whole=["postgres"])

    def memory(self) -> list[Memory]:
        """What each part holds now."""
        return memory(self._pids)

    def ended(self) -> int:
        """How many jobs have ended."""
        return self._count(Status.SOLVED, Status.UNSOLVED, Status.FAILED, Status.CANCELLED)

    def solved(self) -> int:
        """How many jobs are solved, as every one has to be."""
        return self._count(Status.SOLVED)

    def waiting(self) -> int:
        """How many jobs are queued."""
        return self._count(Status.QUEUED)

    def span_s(self, first: int) -> float:
        """Seconds from the acceptance of the first job to the end of the last one, of those after the first `first`."""
        chosen = select(jobs.c.created_at, jobs.c.finished_at).order_by(jobs.c.id).offset(first)
        with self._database.read() as connection:
            times = connection.execute(chosen).all()
        return float((max(end for _, end in times) - min(begin for begin, _ in times)).total_seconds())

    def traffic(self) -> Traffic:
        """What the servers were asked so far; nothing where there are none."""
        if self._servers is None or self.kind == EMBEDDED:
            return Traffic()
        with self._database.read() as connection:
            connection.execute(text("SELECT pg_stat_clear_snapshot()"))
            query = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
            transactions = int(connection.scalar(text(query)) or 0)
        with redis.Redis.from_url(self._servers.redis.url) as client:
            return Traffic(transactions, int(client.info("stats")["total_commands_processed"]))

    @property
    def _pids(self) -> dict[str, int]:
        pids = {name: process.pid for name, process in self._processes.items()}
        if self._servers is not None and self.kind == CELERY:
            for name, server in (("redis", self._servers.redis), ("postgres", self._servers.postgres)):
                assert server._process is not None
                pids[name] = server._process.pid
        return pids

    def _count(self, *statuses: Status) -> int:
        with self._database.read() as connection:
            return connection.scalar(select(func.count()).where(jobs.c.status.in_(statuses))) or 0

    def _start(self, model: str, queues: Sequence[str]) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SELFDEBUG_")}
        environment |= {"SELFDEBUG_MODEL": model, "SELFDEBUG_STATE": str(self._folder), "SELFDEBUG_SHUTDOWN_S": "0"}
        url = f"sqlite:///{self._folder / 'selfdebug.db'}"
        if self.kind == CELERY:
            assert self._servers is not None, "celery needs servers"
            self._servers.redis.flush()
            self._servers.postgres.execute(f"CREATE DATABASE {self._name}")
            url = self._servers.postgres.url(self._name)
            migrate(url)
            environment |= {"SELFDEBUG_DATABASE_URL": url, "SELFDEBUG_REDIS_URL": self._servers.redis.url}
        serve = ["-c", "from selfdebug.cli import main; main()", "serve", "--port", "0", "--log-level", "warning"]
        self._run("api", serve, environment)
        for queue in queues:
            worker = ["-m", "celery", "-A", "worker", "worker", "-l", "WARNING", "-Q", queue, "-n", f"{queue}@%h"]
            self._run(queue, worker, environment)
        self._database = Database(url)

    def _run(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        with (self._folder / f"{name}.log").open("wb") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, *command], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    async def _ready(self, queues: Sequence[str]) -> None:
        deadline = time.monotonic() + _START_S
        while not (self._answers() and all(map(self._served, queues))):
            dead = [name for name, process in self._processes.items() if process.poll() is not None]
            if dead or time.monotonic() > deadline:
                name = dead[0] if dead else "api"
                said = (self._folder / f"{name}.log").read_text(errors="replace")[-1000:]
                raise NotMeasured(f"the service does not start; {name} said: {said}")
            await asyncio.sleep(0.1)

    def _answers(self) -> bool:
        said = (self._folder / "api.log").read_text(errors="replace")
        self.address = said.partition("serves on http://")[2].partition("\n")[0].strip()
        return bool(self.address)

    def _served(self, queue: str) -> bool:
        assert self._servers is not None
        with redis.Redis.from_url(self._servers.redis.url) as client:
            return bool(client.exists(f"selfdebug:alive:{queue}"))

    def _end(self) -> None:
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(_STOP_S)
        if hasattr(self, "_database"):
            self._database.close()
        if self._servers is not None and self.kind == CELERY:
            self._servers.postgres.execute(f"DROP DATABASE IF EXISTS {self._name} WITH (FORCE)")
        shutil.rmtree(self._folder, ignore_errors=True)
