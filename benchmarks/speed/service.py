"""Jobs per second, latency, memory and work of the service, against the local driver and against plain Celery.

All do the same jobs: a recorded model that costs nothing, the real sandbox, two turns a job. What the service costs is
the difference to the local driver (`selfdebug.driver.solve`, as many jobs at once), which needs the same boxes.
Contestants run one after the other in each round, every second round in the opposite order, and ratios are taken within
a round; processor time is told beside the clock's, because it depends less on what else the machine does.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.reliability.servers import PartMissing
from benchmarks.speed import service_load as load
from benchmarks.speed.peers.job import NotMeasured
from benchmarks.speed.sandbox import machine
from benchmarks.speed.service_jobs import record
from benchmarks.speed.service_load import Done, Quantiles
from benchmarks.speed.service_meter import Account, Memory
from benchmarks.speed.service_stack import CELERY, EMBEDDED, Servers, Site, Stack
from selfdebug.service.settings import Settings

LOCAL, PLAIN = "local driver", "plain celery"
MESSAGES = 4  # that Celery carries for a job: two generations, two executions

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What to measure; see the command's options."""

    kinds: tuple[str, ...] = (CELERY, EMBEDDED)
    jobs: int = 200
    rounds: int = 3
    in_flight: tuple[int, ...] = (1, 10, 100, 1000)
    queued: int = 1000
    posts: int = 200
    depths: tuple[int, ...] = (100, 10_000)
    depth_rounds: int = 2
    depth_s: float = 30.0


@dataclass(frozen=True)
class Latency:
    """Of one level of jobs in flight: from the POST to its answer, to the model's first answer, and to the end."""

    kind: str
    users: int
    jobs: int
    accepted: Quantiles
    first: Quantiles
    finished: Quantiles


@dataclass(frozen=True)
class Posts:
    """POSTs behind a queue."""

    kind: str
    workers: bool
    queued: int
    taken: Quantiles


@dataclass(frozen=True)
class Depth:
    """What was done beside a queue, in one round."""

    kind: str
    depth: int
    round: int
    done: Done


@dataclass
class Report:
    """All that was measured; `not_measured` says of each missing part why.

    Attributes:
        rounds: What each contestant did in each round, by its name.
        memory: By kind of service, after the last round.
    """

    machine: str
    load: tuple[float, float]
    plan: Plan
    rounds: list[dict[str, Done]] = field(default_factory=list)
    memory: dict[str, list[Memory]] = field(default_factory=dict)
    latencies: list[Latency] = field(default_factory=list)
    posts: list[Posts] = field(default_factory=list)
    depths: list[Depth] = field(default_factory=list)
    not_measured: list[str] = field(default_factory=list)


async def measure(plan: Plan, say: Say) -> Report:
    """Run the plan; `say` is told of each part as it is done.

    Raises:
        SandboxError: The real sandbox can't be had.
    """
    report = Report(machine(), (os.getloadavg()[0], 0.0), plan)
    with ExitStack() as stack:
        account = stack.enter_context(Account.opened())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="selfdebug-speed-")))
        model = await record(folder / "recording.jsonl")
        try:
            servers = stack.enter_context(Servers.started()) if CELERY in plan.kinds else None
        except PartMissing as error:
            report.not_measured.append(f"{CELERY}: {error}")
            servers = None
        kinds = tuple(kind for kind in plan.kinds if servers or kind != CELERY)
        measuring = _Measuring(plan, kinds, Site(model, account, servers), report, say)
        await measuring.throughput()
        await measuring.latency()
        await measuring.posts()
        await measuring.depth()
    report.load = (report.load[0], os.getloadavg()[0])
    return report


@dataclass(frozen=True)
class _Measuring:
    plan: Plan
    kinds: tuple[str, ...]
    site: Site
    report: Report
    say: Say

    async def throughput(self) -> None:
        names = [LOCAL, *self.kinds, *([PLAIN] if self.site.servers else [])]
        for number in range(self.plan.rounds):
            done: dict[str, Done] = {}
            for name in names if number % 2 == 0 else reversed(names):
                with self._noting(f"round {number + 1}, {name}"):
                    done[name] = await self._contestant(name)
                    self.say(f"round {number + 1}, {name}: {done[name].per_s:.1f}/s")
            self.report.rounds.append(done)

    async def latency(self) -> None:
        for kind in self.kinds:
            for users in self.plan.in_flight:
                with self._noting(f"latency, {kind}, {users} in flight"):
                    count = max(users, min(5 * users, self.plan.jobs), min(20, self.plan.jobs))
                    async with Stack.running(kind, self.site) as stack:
                        seen = await load.in_flight(stack, users, count)
                    parts = ([each.accepted_s for each in seen], [each.first_s for each in seen])
                    ends = Quantiles.of([each.finished_s for each in seen])
                    self.report.latencies.append(
                        Latency(kind, users, count, Quantiles.of(parts[0]), Quantiles.of(parts[1]), ends)
                    )
                    self.say(f"latency, {kind}, {users} in flight: {ends.median_ms:.0f} ms")

    async def posts(self) -> None:
        for kind in self.kinds if self.plan.posts else ():
            for workers in (False, True) if kind == CELERY else (True,):
                with self._noting(f"posts, {kind}"):
                    async with Stack.running(kind, self.site, workers=workers) as stack:
                        if workers:
                            await load.warm_up(stack)
                        taken = Quantiles.of(await load.posts(stack, self.plan.queued, self.plan.posts))
                    self.report.posts.append(Posts(kind, workers, self.plan.queued, taken))
                    self.say(f"posts, {kind}, {'at work' if workers else 'idle'}: {taken.median_ms:.1f} ms")

    async def depth(self) -> None:
        for kind in self.kinds:
            for number in range(self.plan.depth_rounds):
                for depth in self.plan.depths if number % 2 == 0 else reversed(self.plan.depths):
                    with self._noting(f"{depth} queued, {kind}"):
                        async with Stack.running(kind, self.site) as stack:
                            done = await load.at_depth(stack, depth, self.plan.depth_s)
                        self.report.depths.append(Depth(kind, depth, number, done))
                        self.say(f"{depth} queued, {kind}: {done.per_s:.1f}/s, {done.work_ms:.1f} ms a job")

    async def _contestant(self, name: str) -> Done:
        if name == LOCAL:
            settings = Settings()
            return await load.local(self.site.model, self.plan.jobs, settings.running_jobs, settings.boxes)
        if name == PLAIN:
            assert self.site.servers is not None
            redis = self.site.servers.redis
            redis.flush()
            return await load.plain_celery(redis.url, self.site.account, MESSAGES * self.plan.jobs)
        async with Stack.running(name, self.site) as stack:
            done = await load.throughput(stack, self.plan.jobs)
            self.report.memory[name] = stack.memory()
            return done

    @contextmanager
    def _noting(self, what: str) -> Iterator[None]:
        try:
            yield
        except (NotMeasured, OSError) as error:
            self.report.not_measured.append(f"{what}: {error}")
            self.say(f"{what}: not measured: {error}")
