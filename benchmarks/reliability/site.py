"""A whole service on this machine, for one fault: its store, broker, model, server and workers, and the load on it."""

import asyncio
import os
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from benchmarks.reliability.engine import Engine
from benchmarks.reliability.load import Load
from benchmarks.reliability.model import ModelServer
from benchmarks.reliability.outcome import Outcome
from benchmarks.reliability.processes import Orphans, Processes, Stuck, selfdebug, until
from benchmarks.reliability.record import Record
from benchmarks.reliability.servers import PartMissing, Postgres, Redis, Server, free_port

QUEUES = ("generate", "execute", "advance")
SETTINGS = {
    "SELFDEBUG_MODEL": "openai:m",
    "SELFDEBUG_LEASE_S": "3",
    "SELFDEBUG_BEAT_S": "0.5",
    "SELFDEBUG_SWEEP_S": "1",
    "SELFDEBUG_VISIBILITY_S": "4",
    "SELFDEBUG_SHUTDOWN_S": "0.5",
    "SELFDEBUG_GENERATION_S": "5",
}
_GONE_S = 20.0
_S = TypeVar("_S", bound=Server)


@dataclass(frozen=True)
class Parts:
    """Servers that many faults may use, because each takes a while to make."""

    postgres: Postgres
    redis: Redis
    engine: Engine | None = None


@dataclass(frozen=True)
class Size:
    """How much is done.

    Attributes:
        jobs: Accepted and not ended whenever the fault is done.
        times: How often it is done.
    """

    jobs: int = 50
    times: int = 3


@dataclass(frozen=True)
class Needs:
    """What a service stands on.

    Attributes:
        embedded: SQLite and no workers, instead of PostgreSQL, Redis and Celery.
        disk_mib: A disk of this size for the store alone; 0 for wherever temporary files are.
        engine: A Docker engine.
    """

    embedded: bool = False
    disk_mib: int = 0
    engine: bool = False


class Site:
    """The service, and what is done to it. To be used within `opened`."""

    def __init__(self, outcome: Outcome, parts: Parts, size: Size, folder: Path, needs: Needs) -> None:
        self.outcome, self.parts, self.size, self.folder, self.needs = outcome, parts, size, folder, needs
        self.url = ""
        self.port = free_port()
        self.record: Record
        self.model: ModelServer
        self.processes: Processes
        self.load: Load
        self._recoveries: list[asyncio.Task[None]] = []

    @property
    def disk(self) -> Path:
        """Where the store's own disk is, if it has one."""
        return self.folder / "disk"

    def serve(self, **environment: str) -> None:
        """Start `selfdebug serve`."""
        self.processes.start("serve", selfdebug("serve", "--port", str(self.port)), **environment)

    def work(self, *queues: str, name: str = "", prefix: Sequence[str] = (), **environment: str) -> str:
        """Start a Celery worker that serves these queues; its name."""
        name = name or "-".join(queues)
        celery = [*selfdebug()[:1], "-m", "celery", "-A", "worker", "worker", "-l", "INFO"]
        self.processes.start(name, [*prefix, *celery, "-Q", ",".join(queues), "-n", f"{name}@%h"], **environment)
        return name

    async def start(self, **environment: str) -> None:
        """Start the server, and a worker for each queue, and wait until they are at work."""
        self.serve(**environment)
        for queue in QUEUES:
            self.work(queue, **environment)
        await self.ready()

    async def ready(self, *names: str) -> None:
        """Wait until what was started is at work."""
        for name in names or self.processes.names:
            await self.processes.says(name, "selfdebug serves on" if name == "serve" else " ready.")

    @asynccontextmanager
    async def fault(self, holder: str = "") -> AsyncIterator[None]:
        """Do the fault within. At its beginning enough jobs are in flight, and its end is where recovery begins.

        Args:
            holder: A process that is at work on some steps at its beginning.
        """
        await self.load.keep(self.size.jobs)
        if holder:
            await until(lambda: self._at_work(holder), lambda: f"the worker {holder} does nothing")
        before = self.load.open
        self.outcome.in_flight = min(self.outcome.in_flight or len(before), len(before))
        yield
        self.outcome.injected += 1
        resumed = self.load.works(holder)
        for times, recovery in ((self.outcome.resumed_s, resumed), (self.outcome.recovered_s, self.load.moved(before))):
            self._recoveries.append(asyncio.create_task(_timed(recovery, times)))

    def _at_work(self, holder: str) -> bool:
        if holder == "generate" and not self.model.now:
            return False
        return any(f":{self.processes.pid(holder)}:" in held for held in self.record.held())

    async def finish(self) -> None:
        """Wait for the end of all jobs, and end the service."""
        for each in self._recoveries:
            await each
        await self.load.finish()
        for name in self.processes.names:
            status = await self.processes.stop(name)
            if status:
                self.outcome.wrong.append(f"{name} ended with status {status}:\n{self.processes.said(name)[-2000:]}")


async def _timed(recovery: Awaitable[None], times: list[float]) -> None:
    began = asyncio.get_running_loop().time()
    await recovery
    times.append(asyncio.get_running_loop().time() - began)


@asynccontextmanager
async def opened(outcome: Outcome, parts: Parts, size: Size, needs: Needs) -> AsyncIterator[Site]:
    """A service that is not started yet. At the context's end, the outcome is complete.

    Raises:
        Stuck: Something that had to happen has not.
        PartMissing: This machine lacks something.
    """
    async with AsyncExitStack() as stack:
        enter = stack.enter_context
        folder = enter(_folder())
        if needs.disk_mib:
            enter(_disk(folder / "disk", needs.disk_mib))
            if not needs.embedded:
                (folder / "disk" / "postgres").mkdir()
                parts = replace(parts, postgres=enter(_removed(Postgres(folder / "disk" / "postgres", small=True))))
        if needs.engine:
            parts = replace(parts, engine=enter(_removed(Engine())))
        orphans = enter(Orphans.adopted())
        site = Site(outcome, parts, size, folder, needs)
        site.url = f"sqlite:///{folder / ('disk' if needs.disk_mib else '.') / 'selfdebug.db'}"
        if not needs.embedded:
            site.url = enter(_database(parts.postgres))
            parts.redis.flush()
        site.record = enter(_closing(Record(site.url)))
        site.model = await stack.enter_async_context(ModelServer.running())
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SELFDEBUG_")}
        environment |= SETTINGS | {
            "SELFDEBUG_STATE": str(folder),
            "SELFDEBUG_DATABASE_URL": site.url,
            "SELFDEBUG_REDIS_URL": "" if needs.embedded else parts.redis.url,
            "OPENAI_BASE_URL": site.model.address,
            "OPENAI_API_KEY": "none",
        }
        site.processes = enter(Processes.running(folder / "logs", environment))
        site.load = Load(f"http://127.0.0.1:{site.port}", site.record)
        stack.push_async_callback(site.load.close)
        try:
            yield site
            await site.finish()
        except Stuck as error:
            error.add_note(await site.processes.testify())
            raise
        with suppress(Stuck):
            await until(lambda: not _left(orphans, parts), str, _GONE_S)
        left = _left(orphans, parts)
        outcome.left = len(left)
        outcome.wrong += [f"left behind: {command}" for command in left]
        outcome.again = sum(site.model.asked.values()) - len(site.model.asked)
        outcome.judge(site.load.accepted, site.record, site.model.deadly)


@contextmanager
def _database(postgres: Postgres) -> Iterator[str]:
    name = f"faults_{free_port()}_{os.getpid()}"
    postgres.execute(f"CREATE DATABASE {name}")
    yield postgres.url(name)
    postgres.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def _closing(record: Record) -> Iterator[Record]:
    try:
        yield record
    finally:
        record.close()


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="selfdebug-faults-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)  # PostgreSQL runs as another user
        yield Path(folder)


@contextmanager
def _disk(folder: Path, mib: int) -> Iterator[None]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=0755", "selfdebug-faults", str(folder)]
    done = subprocess.run(mount, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise PartMissing(f"no small disk can be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], stdin=subprocess.DEVNULL, timeout=60, check=True)


@contextmanager
def _removed(server: _S) -> Iterator[_S]:
    try:
        yield server
    finally:
        server.remove()


def _left(orphans: Orphans, parts: Parts) -> list[str]:
    """What is left of a service that has ended, servers aside."""
    engine = parts.engine
    left = orphans.left({parts.postgres.pid, parts.redis.pid})
    return [command for command in left if not engine.is_its(command)] + engine.left() if engine else left
