"""The measurements of the service benchmark: each puts a load on one contestant and says what it took."""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import redis

from benchmarks.speed import service_noop
from benchmarks.speed.peers.job import NotMeasured
from benchmarks.speed.service_client import Client, Followed, follow, submit, submit_batch
from benchmarks.speed.service_jobs import bodies, encoded
from benchmarks.speed.service_meter import Account, Spent
from benchmarks.speed.service_stack import ROOT, Stack, Traffic

_POSTERS = 4
_BATCH = 1000
_LOOK_S = 0.1
_STUCK_S = 60.0
_WARM_UP = 8


@dataclass(frozen=True)
class Done:
    """What one contestant did with so many jobs."""

    jobs: int
    seconds: float
    spent: Spent
    traffic: Traffic

    @property
    def per_s(self) -> float:
        return self.jobs / self.seconds

    @property
    def work_ms(self) -> float:
        """Processor milliseconds a job, boxes apart."""
        return 1000 * self.spent.own_s / self.jobs

    @property
    def boxes_ms(self) -> float | None:
        """Processor milliseconds a job in boxes; None where that can't be told."""
        return None if self.spent.boxes_s is None else 1000 * self.spent.boxes_s / self.jobs


@dataclass(frozen=True)
class Quantiles:
    """Median and 95th percentile, in milliseconds."""

    median_ms: float
    p95_ms: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Quantiles":
        ordered = sorted(seconds)
        return cls(1000 * statistics.median(ordered), 1000 * ordered[min(int(0.95 * len(ordered)), len(ordered) - 1)])


async def local(model: str, count: int, at_once: int, boxes: int) -> Done:
    """So many jobs on the local driver, in a process of its own.

    Raises:
        NotMeasured: It failed.
    """
    command = [sys.executable, "-m", "benchmarks.speed.service_local", model, str(count), str(at_once), str(boxes)]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=subprocess.PIPE)
    output, _ = await process.communicate()
    if process.returncode:
        raise NotMeasured(f"the local driver ended with status {process.returncode}")
    said = json.loads(output)
    _require_all(said["solved"], count)
    return Done(count, said["seconds"], Spent({"local": said["own_s"]}, said["boxes_s"]), Traffic())


async def throughput(stack: Stack, count: int) -> Done:
    """So many jobs, posted one by one as fast as they are taken, until the last has ended."""
    await warm_up(stack)
    first = stack.ended()
    before, asked = stack.spent(), stack.traffic()
    await _post(stack, encoded(bodies(count)))
    await _until_ended(stack, first + count)
    used = stack.spent().since(before)
    await asyncio.sleep(1.5)  # until PostgreSQL's processes have told their numbers
    _require_all(stack.solved(), first + count)
    return Done(count, stack.span_s(first), used, stack.traffic().since(asked))


async def plain_celery(url: str, account: Account, count: int) -> Done:
    """So many tasks that do nothing, sent as fast as Celery sends them, until the last is taken.

    Raises:
        NotMeasured: The worker does not start.
    """
    command = [sys.executable, "-m", "celery", "-A", service_noop.__name__, "worker", "-l", "WARNING", "-n", "noop@%h"]
    environment = {**os.environ, "SPEED_BROKER": url}
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        return await asyncio.to_thread(_noops, url, account, count, process.pid)
    finally:
        process.terminate()
        await process.wait()


async def in_flight(stack: Stack, users: int, count: int) -> list[Followed]:
    """So many users, each with one job at a time, which they post and watch to its end."""
    await warm_up(stack)
    waiting = iter(encoded(bodies(count)))
    seen: list[Followed] = []

    async def user() -> None:
        for body in waiting:
            seen.append(await follow(stack.address, body))

    await asyncio.gather(*(user() for _ in range(users)))
    _require_all(sum(each.status == "solved" for each in seen), count)
    return seen


async def posts(stack: Stack, queued: int, count: int) -> list[float]:
    """Seconds that each of so many POSTs takes, one after the other, behind so many queued jobs."""
    await _fill(stack, queued)
    taken = []
    async with Client.connected(stack.address) as client:
        for body in encoded(bodies(count)):
            began = time.perf_counter()
            await submit(client, body)
            taken.append(time.perf_counter() - began)
    return taken


async def at_depth(stack: Stack, depth: int, seconds: float) -> Done:
    """What is done in so many seconds, or until a first job has ended, while so many jobs are queued.

    Raises:
        NotMeasured: None ends.
    """
    await warm_up(stack)
    await _fill(stack, depth)
    await asyncio.sleep(1.0)
    first, before, began = await asyncio.to_thread(stack.ended), stack.spent(), time.perf_counter()
    ended, taken = 0, 0.0
    while not ended or taken < seconds:
        await _fill(stack, depth)
        await asyncio.sleep(min(0.5, seconds))
        ended, taken = await asyncio.to_thread(stack.ended) - first, time.perf_counter() - began
        if not ended and taken > _STUCK_S:
            raise NotMeasured(f"no job has ended for {_STUCK_S:g} s")
    return Done(ended, taken, stack.spent().since(before), Traffic())


async def warm_up(stack: Stack) -> None:
    """A few jobs, so that all is imported, connected and compiled."""
    first = stack.ended()
    await _post(stack, encoded(bodies(_WARM_UP)))
    await _until_ended(stack, first + _WARM_UP)


async def _post(stack: Stack, posted: Sequence[bytes]) -> None:
    waiting = iter(posted)

    async def post() -> None:
        async with Client.connected(stack.address) as client:
            for body in waiting:
                await submit(client, body)

    await asyncio.gather(*(post() for _ in range(_POSTERS)))


async def _fill(stack: Stack, depth: int) -> None:
    """Queue as many jobs as are missing."""
    async with Client.connected(stack.address) as client:
        while (missing := depth - await asyncio.to_thread(stack.waiting)) > 0:
            await submit_batch(client, encoded(bodies(min(missing, _BATCH))))


async def _until_ended(stack: Stack, count: int) -> None:
    moved, ended = time.perf_counter(), -1
    while (now := await asyncio.to_thread(stack.ended)) < count:
        if now != ended:
            moved, ended = time.perf_counter(), now
        elif time.perf_counter() - moved > _STUCK_S:
            raise NotMeasured(f"no job has ended for {_STUCK_S:g} s; {ended} of {count} have")
        await asyncio.sleep(_LOOK_S)


def _noops(url: str, account: Account, count: int, worker: int) -> Done:
    with redis.Redis.from_url(url) as broker, service_noop.app.connection_for_write(url) as connection:
        task = service_noop.app.tasks["speed.noop"]
        task.apply_async(connection=connection)
        _until_taken(broker)
        pids = {"worker": worker, "sender": os.getpid()}
        before, began = account.spent(pids, whole=["worker"]), time.perf_counter()
        with service_noop.app.amqp.Producer(connection) as producer:
            for _ in range(count):
                task.apply_async(producer=producer)
        _until_taken(broker)
        seconds, used = time.perf_counter() - began, account.spent(pids, whole=["worker"]).since(before)
    return Done(count, seconds, Spent(used.parts, None), Traffic())


def _until_taken(broker: "redis.Redis") -> None:
    deadline = time.monotonic() + _STUCK_S
    while broker.llen("celery") or broker.hlen("unacked"):
        if time.monotonic() > deadline:
            raise NotMeasured("plain Celery's worker takes no tasks")
        time.sleep(0.01)


def _require_all(solved: int, count: int) -> None:
    """What was not done must not be taken for fast."""
    if solved != count:
        raise NotMeasured(f"{count - solved} of {count} jobs were not solved")
