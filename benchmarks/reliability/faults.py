"""The faults, each done to a service while many jobs are in flight."""

import asyncio
import random
import subprocess
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.reliability.engine import Engine
from benchmarks.reliability.link import Link
from benchmarks.reliability.model import Trouble
from benchmarks.reliability.outcome import Outcome
from benchmarks.reliability.servers import PartMissing
from benchmarks.reliability.site import QUEUES, SETTINGS, Needs, Parts, Site, Size, opened

_WINDOW_S = 3.0
_DAY_S = 86_400


@dataclass(frozen=True)
class Fault:
    """A fault.

    Attributes:
        do: Starts the service, and does the fault to it as often as the site's size says.
        needs: What the service stands on.
    """

    name: str
    do: Callable[[Site], Awaitable[None]]
    needs: Needs = field(default_factory=Needs)


async def run(fault: Fault, parts: Parts, size: Size) -> Outcome:
    """Do a fault to a service, and see what comes of it.

    Raises:
        Stuck: Something that had to happen has not.
        PartMissing: This machine lacks what the fault needs.
    """
    outcome = Outcome(fault.name)
    async with opened(outcome, parts, size, fault.needs) as site:
        await fault.do(site)
    return outcome


async def _nothing(site: Site) -> None:
    """For comparison: how long it takes until every job has moved on where nothing is wrong."""
    await _start(site)
    for _ in range(site.size.times):
        async with site.fault():
            await _moment()


def _kill_worker(queue: str) -> Callable[[Site], Awaitable[None]]:
    async def do(site: Site) -> None:
        await site.start()
        for _ in range(site.size.times):
            await site.ready(queue)
            await _moment()
            async with site.fault(holder="" if queue == "advance" else queue):
                await asyncio.sleep(random.uniform(0.0, 1.0))
                site.processes.kill(queue)
                site.processes.again(queue)

    return do


async def _poison(site: Site) -> None:
    """A job whose every generation kills its worker fails alone."""
    await site.start()

    def die() -> None:
        site.processes.kill("generate")
        site.processes.again("generate")
        site.outcome.injected += 1

    site.model.kill = die
    async with site.fault():
        site.model.deadly.add(site.load.next)
        await site.load.one()
    site.outcome.injected -= 1


async def _kill_server(site: Site) -> None:
    await _start(site)
    for _ in range(site.size.times):
        await site.ready("serve")
        await _moment()
        async with site.fault():
            site.processes.kill("serve")
            site.processes.again("serve")


async def _kill_all(site: Site) -> None:
    """The power fails: everything dies at once."""
    await site.start()
    redis, postgres = site.parts.redis, site.parts.postgres
    for _ in range(site.size.times):
        await site.ready()
        await _moment()
        async with site.fault():
            names = site.processes.names
            for name in names:
                site.processes.kill(name)
            redis.kill()
            postgres.kill()
            for name in names:
                site.processes.again(name)  # before their servers are there
            await asyncio.gather(asyncio.to_thread(redis.start), asyncio.to_thread(postgres.start))


async def _restart_redis(site: Site) -> None:
    await site.start()
    for _ in range(site.size.times):
        await _moment()
        async with site.fault():
            site.parts.redis.kill()
            await asyncio.sleep(random.uniform(0.5, 2.0))
            await asyncio.to_thread(site.parts.redis.start)


async def _flush_redis(site: Site) -> None:
    await site.start()
    for _ in range(site.size.times):
        await _moment()
        async with site.fault():
            await asyncio.to_thread(site.parts.redis.flush)


async def _restart_postgres(site: Site) -> None:
    await site.start()
    for _ in range(site.size.times):
        await _moment()
        async with site.fault():
            site.parts.postgres.kill()
            await asyncio.sleep(random.uniform(0.5, 2.0))
            await asyncio.to_thread(site.parts.postgres.start)


async def _cut_redis(site: Site) -> None:
    """The workers of each kind are cut off from Redis for longer than it waits for their acknowledgements."""
    async with Link.to(site.parts.redis.port) as link:
        site.serve()
        for queue in QUEUES:
            site.work(queue, SELFDEBUG_REDIS_URL=f"redis://127.0.0.1:{link.port}/0")
        await site.ready()
        for _ in range(site.size.times):
            await _moment()
            async with site.fault():
                link.cut()
                await asyncio.sleep(1.5 * float(SETTINGS["SELFDEBUG_VISIBILITY_S"]))
                link.mend()
        await site.finish()


async def _cut_host(site: Site) -> None:
    """One of two hosts with workers is cut off from Redis and the store for longer than a lease lasts."""
    redis, postgres = site.parts.redis.port, site.parts.postgres.port
    async with Link.to(redis) as to_redis, Link.to(postgres) as to_postgres:
        site.serve()
        database = site.url.replace(f":{postgres}/", f":{to_postgres.port}/")
        far = {"SELFDEBUG_REDIS_URL": f"redis://127.0.0.1:{to_redis.port}/0", "SELFDEBUG_DATABASE_URL": database}
        for host, environment in (("near", {}), ("far", far)):
            site.work("generate", "execute", name=host, **environment)
        site.work("advance")
        await site.ready()
        for _ in range(site.size.times):
            await _moment()
            async with site.fault():
                to_redis.cut()
                to_postgres.cut()
                await asyncio.sleep(2 * float(SETTINGS["SELFDEBUG_LEASE_S"]))
                to_redis.mend()
                to_postgres.mend()
        await site.finish()


async def _two_sweeps(site: Site) -> None:
    """Three processes sweep ten times a second, with leases that are shorter than many steps, while workers die."""
    hurry = {"SELFDEBUG_SWEEP_S": "0.1", "SELFDEBUG_LEASE_S": "1"}
    await site.start(**hurry)
    site.work("advance", name="another", **hurry)
    await site.ready("another")
    for _ in range(site.size.times):
        await site.ready()
        await _moment()
        async with site.fault():
            for queue in ("generate", "execute"):
                site.processes.kill(queue)
                site.processes.again(queue)


def _trouble(trouble: Trouble) -> Callable[[Site], Awaitable[None]]:
    async def do(site: Site) -> None:
        await site.start(SELFDEBUG_GENERATION_S="2")
        for _ in range(site.size.times):
            await _moment()
            async with site.fault():
                spoiled = site.model.spoiled
                site.model.trouble = trouble
                await asyncio.sleep(_WINDOW_S)
                site.model.trouble = None
            site.outcome.injected += site.model.spoiled - spoiled - 1  # each spoiled answer is one

    return do


async def _fill_disk(site: Site) -> None:
    """The disk of the store is full until a submission has been refused."""
    await _start(site)
    filler = site.disk / "filler"
    for _ in range(site.size.times):
        await _moment()
        async with site.fault():
            await asyncio.to_thread(_fill, filler)
            more = asyncio.create_task(site.load.flood())
            await site.load.refuses()
            await asyncio.sleep(1.0)
            filler.unlink()
            if not site.needs.embedded:
                await asyncio.to_thread(site.parts.postgres.revive)
        await more


def _fill(file: Path) -> None:
    with file.open("wb", buffering=0) as filler, suppress(OSError):
        while True:
            filler.write(bytes(1024))


_APART = ("unshare", "--time", "--monotonic", "1000000", "--boottime", "1000000")


def _clock_library() -> Path:
    """What gives a process a clock of its own.

    Raises:
        PartMissing: It is not here, or there are no time name spaces.
    """
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        raise PartMissing("no libfaketime on this machine; on Debian, install faketime")
    if subprocess.run([*_APART, "true"], stdin=subprocess.DEVNULL, capture_output=True, timeout=60).returncode:
        raise PartMissing("no time name spaces on this machine, or not for this user")
    return found[0]


async def _jump_clocks(site: Site) -> None:
    """The clock of each process jumps by hours and years, and a worker's monotonic one is not that of the others."""
    library = await asyncio.to_thread(_clock_library)
    clocks = {name: site.folder / f"clock-{name}" for name in ("serve", *QUEUES)}

    def environment(name: str) -> dict[str, str]:
        fake = {"LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(clocks[name])}
        return fake | {"FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}

    def jump() -> None:
        for clock in clocks.values():
            clock.write_text(f"{random.choice((-400 * _DAY_S, -7200, -10, 0, 10, 3600, 4000 * _DAY_S)):+d}")

    jump()
    site.serve(**environment("serve"))
    for queue in QUEUES:
        site.work(queue, prefix=_APART if queue == "advance" else (), **environment(queue))
    await site.ready()
    for _ in range(2 * site.size.times):
        await _moment()
        async with site.fault():
            jump()


def _restart_engine(end: Callable[[Engine], None]) -> Callable[[Site], Awaitable[None]]:
    """The Docker engine goes, and comes back, while candidates run in its containers."""

    async def do(site: Site) -> None:
        engine = site.parts.engine
        assert engine is not None
        site.serve()
        site.work("generate", "advance")
        site.work("execute", SELFDEBUG_SANDBOX="docker", DOCKER_HOST=engine.address)
        await site.ready()
        for _ in range(site.size.times):
            async with site.fault("execute"):
                await _moment()
                await asyncio.to_thread(end, engine)
                await _moment()
                await asyncio.to_thread(engine.start)

    return do


async def _start(site: Site) -> None:
    if site.needs.embedded:
        site.serve()
        await site.ready()
    else:
        await site.start()


async def _moment() -> None:
    await asyncio.sleep(random.uniform(0.2, 1.5))


FAULTS = (
    Fault("nothing", _nothing),
    *(Fault(f"kill -9 of the {queue} worker", _kill_worker(queue)) for queue in QUEUES),
    Fault("a job that kills its generate worker", _poison),
    Fault("kill -9 of the server", _kill_server),
    Fault("kill -9 of the server, embedded", _kill_server, Needs(embedded=True)),
    Fault("kill -9 of everything at once", _kill_all),
    Fault("Redis killed and restarted", _restart_redis),
    Fault("Redis flushed", _flush_redis),
    Fault("PostgreSQL restarted", _restart_postgres),
    Fault("network between workers and Redis cut", _cut_redis),
    Fault("host of workers cut off", _cut_host),
    Fault("sweeps at once", _two_sweeps),
    Fault("disk of PostgreSQL full", _fill_disk, Needs(disk_mib=96)),
    Fault("disk of the store full, embedded", _fill_disk, Needs(embedded=True, disk_mib=32)),
    Fault("clocks jump", _jump_clocks),
    *(Fault(f"model server: {trouble}", _trouble(trouble)) for trouble in Trouble),
    Fault("Docker engine restarted", _restart_engine(Engine.stop), Needs(engine=True)),
    Fault("Docker engine killed and restarted", _restart_engine(Engine.kill), Needs(engine=True)),
)
