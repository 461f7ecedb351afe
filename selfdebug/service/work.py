"""Carrying steps out: claim, do, write the result; whether the jobs come from Celery or from this very process.

What goes wrong with a model or a sandbox is tried again after a pause, up to the cap on deliveries, and never told to
the model. A step whose worker died under it again and again is suspected: its last deliveries run only while no other
suspect's do, so that one that kills its worker each time does not use up those of the steps beside it. Before that it
runs in company, because after most deaths all that the worker had at work is there to be done again.
"""

import asyncio
import random
import uuid
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import ParamSpec, TypeVar

from sandbox.errors import SandboxError
from selfdebug.errors import InputError, SelfDebugError
from selfdebug.events import Event
from selfdebug.service import logs, metrics
from selfdebug.service.carry import carry_out
from selfdebug.service.engines import Engines
from selfdebug.service.records import End, Job, Lease, Status
from selfdebug.service.settings import Settings
from selfdebug.service.steps import Kind, Position, Step, follow, next_step, progress, start
from selfdebug.service.store import Stale, Store, StoreUnavailable
from selfdebug.trajectory import from_json

_POSITIONS = 256  # jobs whose state is kept in memory
_ALONE = 3  # of a suspect's deliveries, the last ones
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 2.0, 60.0
_EVENTS = 500

_P = ParamSpec("_P")
_T = TypeVar("_T")
_log = logs.get(__name__)


class _Why(Enum):
    LOST = auto()  # the job has ended, or somebody else has the step
    DRAINED = auto()  # this process is to end


@dataclass(eq=False)
class _Hold:
    """A lease that is kept alive here."""

    lease: Lease
    task: asyncio.Task[tuple[Event, ...]]
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    why: _Why | None = None

    def stop(self, why: _Why) -> None:
        self.why = self.why or why
        self.stopped.set()
        self.task.cancel()


class Work:
    """One process's work on steps. For one event loop; any number of steps at once.

    Args:
        holder: What this process calls itself in leases.
        changed: Called after each change of a job.
    """

    def __init__(
        self,
        store: Store,
        engines: Engines,
        settings: Settings,
        *,
        holder: str,
        changed: Callable[[str], Awaitable[None]],
    ) -> None:
        self._store, self._engines, self._settings = store, engines, settings
        self._holder, self._changed = f"{holder}:{uuid.uuid4().hex}", changed
        self._positions: OrderedDict[str, Position] = OrderedDict()
        self._taken: set[tuple[str, str]] = set()
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._holds: dict[Lease, _Hold] = {}
        self._alone = asyncio.Lock()
        self._draining = self._handing_back = False
        self._beat_thread = ThreadPoolExecutor(1, "beat")
        self._beating = asyncio.create_task(self._beat())

    @property
    def draining(self) -> bool:
        return self._draining

    async def next(self, job: str) -> Step | End | None:
        """What comes next for a job; its end is written if it has come. None: there is no such job."""
        position = await self._position(job)
        if position is None:
            return None
        step = next_step(position)
        return await self._end(job, step) if isinstance(step, End) else step

    async def take(self, job: str, name: str) -> Step | End | None:
        """Carry out one step if nobody else does or has done, and write its result.

        Returns:
            What comes next; the same step where it has to be tried again. None: here is nothing more to be done.
        """
        if (job, name) in self._taken:
            return None
        self._taken.add((job, name))
        self._quiet.clear()
        try:
            with logs.about(job=job, step=name):
                return await self._advance(job, name)
        except StoreUnavailable:
            if not self._draining:
                raise
            return None
        finally:
            self._taken.discard((job, name))
            if not self._taken:
                self._quiet.set()

    def cancelled(self, job: str) -> None:
        """Stop whatever is done for this job."""
        for hold in list(self._holds.values()):
            if hold.lease.job == job:
                hold.stop(_Why.LOST)
        self._engines.ended(job)

    async def drain(self, grace_s: float) -> None:
        """Begin nothing more; give what is under way so long to end, then hand it back. It was no failed delivery."""
        self._draining = True
        with suppress(TimeoutError):
            async with asyncio.timeout(grace_s):
                await self._quiet.wait()
        self._hand_back()
        await self._quiet.wait()

    async def close(self) -> None:
        """Let go of everything; leases that are still held will be missed by the sweep."""
        self._draining = True
        self._hand_back()
        self._beating.cancel()
        self._beat_thread.shutdown(wait=False)

    async def persist(self, call: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Call the store until it answers.

        Raises:
            StoreUnavailable: It does not, and this process is to end.
        """
        pause_s = 0.1
        while True:
            try:
                return await asyncio.to_thread(call, *args, **kwargs)
            except StoreUnavailable as error:
                if self._draining:
                    raise
                metrics.failed("store")
                _log.warning("the store cannot be used, trying again", note=logs.clean(str(error)))
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))
            pause_s = min(2 * pause_s, 5.0)

    def _hand_back(self) -> None:
        self._handing_back = True
        for hold in self._holds.values():
            hold.stop(_Why.DRAINED)

    async def _advance(self, job: str, name: str) -> Step | End | None:
        known = self._positions.get(job)
        # Where this step comes next by what is known here, it does by the store, or it is done and can't be claimed.
        if known is not None and isinstance(step := next_step(known), Step) and step.name == name:
            return await self._take(job, step, known)
        position = await self._position(job)
        if position is None:
            return None
        step = next_step(position)
        if isinstance(step, End):
            return await self._end(job, step)
        return await self._take(job, step, position) if step.name == name else None

    async def _take(self, job: str, step: Step, position: Position) -> Step | End | None:
        if self._draining:
            return step
        lease = await self._claim(job, step)
        if lease is None or lease.error or lease.deliveries <= max(1, self._settings.deliveries - _ALONE):
            return await self._carry(lease, step, position) if lease else None
        if self._alone.locked():
            await self.persist(self._store.hand_back, lease)
            lease = None
        async with self._alone:
            if self._draining and lease is None:
                return step
            lease = lease or await self._claim(job, step)
            return await self._carry(lease, step, position) if lease else None

    async def _claim(self, job: str, step: Step) -> Lease | None:
        cap = self._settings.deliveries
        lease = await self.persist(self._store.claim, job, step.name, self._holder, cap=cap)
        if lease is None:
            found = await self.persist(self._store.job, job)
            if found and found.status.terminal:
                await self._over(job)
        return lease

    async def _carry(self, lease: Lease, step: Step, position: Position) -> Step | End | None:
        task = asyncio.create_task(carry_out(lease.job, step, position, self._engines))
        hold = self._holds[lease] = _Hold(lease, task)
        if self._handing_back:  # it was still being claimed when the time was up
            hold.stop(_Why.DRAINED)
        try:
            await asyncio.wait({task})
            if task.cancelled() or hold.why:
                return await self._stopped(hold, step)
            error = task.exception()
            if error is not None:
                return await self._failed(hold, step, error)
            return await self._complete(lease, position, task.result())
        finally:
            task.cancel()
            del self._holds[lease]

    async def _stopped(self, hold: _Hold, step: Step) -> Step | None:
        if hold.why is not _Why.DRAINED:
            self._positions.pop(hold.lease.job, None)
            return None
        with suppress(StoreUnavailable):  # then the sweep misses its beat
            await self.persist(self._store.hand_back, hold.lease)
        return step

    async def _complete(self, lease: Lease, position: Position, events: tuple[Event, ...]) -> Step | End | None:
        after = follow(position, events)
        step = next_step(after)
        end = step if isinstance(step, End) else None
        try:
            job = await self.persist(self._store.complete, lease, events, progress(after.state), end=end)
        except Stale:
            self._positions.pop(lease.job, None)
            return None
        for event in events:
            metrics.happened(event)
        if end:
            await self._ended(job)
            return step
        self._keep(lease.job, after)
        await self._changed(lease.job)
        return step

    async def _failed(self, hold: _Hold, step: Step, error: BaseException) -> Step | None:
        lease = hold.lease
        told = str(error) if isinstance(error, SelfDebugError | SandboxError) else f"{type(error).__name__}: {error}"
        metrics.failed("generator" if step.kind is Kind.GENERATE else "sandbox")
        _log.warning("a step failed", deliveries=lease.deliveries, exc_info=error)
        if isinstance(error, InputError):
            await self._fail(lease.job, told)
            return None
        if lease.deliveries >= self._settings.deliveries:
            what = "the model" if step.kind is Kind.GENERATE else "the sandbox"
            times = "once" if lease.deliveries == 1 else f"{lease.deliveries} times"
            await self._fail(lease.job, f"{what} failed {times}, at last with: {told}")
            return None
        with suppress(TimeoutError):
            async with asyncio.timeout(_pause_s(lease.deliveries)):
                await hold.stopped.wait()
        if hold.why is _Why.LOST:
            return None
        await self.persist(self._store.give_up, lease, told)
        return step

    async def _fail(self, job: str, reason: str) -> None:
        await self._end(job, End(Status.FAILED, reason))

    async def _end(self, job: str, end: End) -> End:
        ended = await self.persist(self._store.finish, job, end.status, end.reason)
        if ended is not None:
            await self._ended(ended)
        else:
            await self._over(job)
        return end

    async def _ended(self, job: Job) -> None:
        metrics.job_ended(job)
        _log.info("a job has ended", job=job.id, status=str(job.status), turns=job.progress.turns)
        await self._over(job.id)

    async def _over(self, job: str) -> None:
        self._positions.pop(job, None)
        self._engines.ended(job)
        await self._changed(job)

    async def _position(self, job: str) -> Position | None:
        """Where the job stands by the store; only events that are not known here yet are read."""
        position = self._positions.get(job)
        while True:
            after = position.version - 1 if position else -1
            stored = await self.persist(self._store.events, job, after, _EVENTS)
            events = [from_json(each.event) for each in stored]
            if position is None and not events:
                return None
            position = follow(position, events) if position else follow(start(events[0]), events[1:])
            self._keep(job, position)
            if len(stored) < _EVENTS:
                return position

    def _keep(self, job: str, position: Position) -> None:
        self._positions[job] = position
        self._positions.move_to_end(job)
        if len(self._positions) > _POSITIONS:
            self._positions.popitem(last=False)

    async def _beat(self) -> None:
        """Keep the leases alive; stop the work on those that are lost."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._settings.beat_s)
            held = list(self._holds)
            try:
                lost = await loop.run_in_executor(self._beat_thread, self._lost, held)
            except StoreUnavailable as error:
                metrics.failed("store")
                _log.warning("leases could not be renewed", note=logs.clean(str(error)))
                continue
            for lease in lost:
                if hold := self._holds.get(lease):
                    _log.info("a step is no longer ours", job=lease.job, step=lease.step)
                    hold.stop(_Why.LOST)

    def _lost(self, leases: Sequence[Lease]) -> list[Lease]:
        alive = self._store.beat_all(leases)
        return [lease for lease in leases if lease not in alive]


def _pause_s(failures: int) -> float:
    """The pause before the next try: three times the last one, up to a minute, and not all jobs' at once."""
    return min(_FIRST_PAUSE_S * 3.0 ** (failures - 1), _LONGEST_PAUSE_S) * random.uniform(0.5, 1.0)
