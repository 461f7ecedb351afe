"""Jobs carried out in the server's own process: no broker, one generator a model, one sandbox."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager

from sandbox.types import Execution, Limits, Suite
from selfdebug.service import logs
from selfdebug.service.dispatch import Check, Watch
from selfdebug.service.engines import Engines
from selfdebug.service.settings import Settings
from selfdebug.service.steps import Kind, Step
from selfdebug.service.store import Store
from selfdebug.service.sweep import Sweep
from selfdebug.service.watches import Watches
from selfdebug.service.work import Work

HOLDER = "embedded"  # there is one such process to a store, so that whoever held leases as one before is gone

_log = logs.get(__name__)


class EmbeddedDispatcher:
    """Works on jobs itself; see `Dispatcher`."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._settings = store, settings
        self._watches = Watches()
        self._engines = Engines(settings)
        self._work = Work(store, self._engines, settings, holder=HOLDER, changed=self._changed)
        self._sweep = Sweep(store, settings, patience_s=0.0)
        self._jobs: dict[str, asyncio.Task[None]] = {}
        self._called = asyncio.Event()
        # A step that only waits is nobody's: were this process killed, it would be suspected of that.
        places = {Kind.GENERATE: settings.generations, Kind.EXECUTE: 2 * settings.boxes}
        self._places = {kind: asyncio.Semaphore(most) for kind, most in places.items()}

    @classmethod
    @asynccontextmanager
    async def open(cls, store: Store, settings: Settings) -> AsyncIterator["EmbeddedDispatcher"]:
        """Take over what an earlier process has left, and work until the context ends. What is unfinished stays so."""
        dispatcher = cls(store, settings)
        running = asyncio.create_task(dispatcher._run())
        try:
            yield dispatcher
        finally:
            running.cancel()
            await asyncio.wait({running})
            await dispatcher._close()

    async def wake(self, jobs: Sequence[str]) -> None:
        """See `Dispatcher`."""
        self._called.set()

    async def cancelled(self, job: str) -> None:
        """See `Dispatcher`."""
        self._work.cancelled(job)
        self._watches.tell(job)
        self._called.set()

    @contextmanager
    def watch(self, job: str) -> Iterator[Watch]:
        """See `Dispatcher`."""
        with self._watches.watch(job) as watch:
            yield watch

    async def execute(self, program: str, suite: Suite, limits: Limits) -> Execution:
        """See `Dispatcher`."""
        return await self._engines.run(program, suite, limits)

    def checks(self) -> Mapping[str, Check]:
        """See `Dispatcher`."""
        return {"model": self._check_models, "sandbox": self._engines.check_sandbox}

    async def _check_models(self) -> None:
        for model in (self._settings.model, *self._settings.models):
            await self._engines.check_model(model)

    async def _run(self) -> None:
        await self._work.persist(self._take_over)
        releasing = asyncio.create_task(self._release())
        try:
            await self._sweep.run(self._start)
        finally:
            releasing.cancel()

    async def _release(self) -> None:
        """Fill free places as soon as there is a job or a place."""
        while True:
            await self._called.wait()
            self._called.clear()
            jobs = await self._work.persist(self._store.release, running=self._settings.running_jobs)
            await self._start([job.id for job in jobs])

    async def _changed(self, job: str) -> None:
        self._watches.tell(job)

    def _take_over(self) -> None:
        for held in self._store.held():
            if held.holder.startswith(f"{HOLDER}:"):
                self._store.expire(held)

    async def _start(self, jobs: Sequence[str]) -> None:
        for job in jobs:
            if job not in self._jobs:
                self._jobs[job] = asyncio.create_task(self._drive(job))
            self._watches.tell(job)

    async def _drive(self, job: str) -> None:
        """Work on one job until it ends, or there is nothing to be done for it here."""
        try:
            step = await self._work.next(job)
            while isinstance(step, Step) and not self._work.draining:
                async with self._places[step.kind]:
                    step = await self._work.take(job, step.name)
        except Exception:
            _log.exception("a job cannot be worked on now; the next sweep tries again", job=job)
        finally:
            del self._jobs[job]
            self._called.set()  # there is room for another

    async def _close(self) -> None:
        await self._work.drain(0.0)
        await asyncio.gather(*self._jobs.values())
        await self._work.close()
        await self._engines.close()
