"""Jobs carried out by Celery's workers: the server accepts them, sends wake-ups, and sweeps."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial

from redis.exceptions import RedisError

from sandbox.errors import SandboxCrashed
from sandbox.jobs import Job as Run
from sandbox.types import Execution, Limits, Suite
from selfdebug.service import runs
from selfdebug.service.broker import QUEUES, Broker
from selfdebug.service.dispatch import Check, Watch, WorkersUnavailable
from selfdebug.service.news import CANCELLED, CHANGED, News
from selfdebug.service.settings import Settings
from selfdebug.service.store import Store
from selfdebug.service.sweep import Sweep
from selfdebug.service.watches import Watches

_LOOK_AGAIN_S, _DEAF_S = 5.0, 1.0  # how long a watcher relies on news: while they come, while they don't
_QUEUED_S = 60.0  # how long a run without a job may wait for a worker


class CeleryDispatcher:
    """Has jobs worked on elsewhere; see `Dispatcher`."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._settings = store, settings
        self._broker = Broker.at(settings.redis_url)
        self._watches = Watches(lambda: _LOOK_AGAIN_S if self._news.connected else _DEAF_S)
        self._called = asyncio.Event()
        self._sweep = Sweep(store, settings, patience_s=2 * settings.sweep_s)
        self._news: News

    @classmethod
    @asynccontextmanager
    async def open(cls, store: Store, settings: Settings) -> AsyncIterator["CeleryDispatcher"]:
        """Connect, and sweep until the context ends. A Redis that is not there yet is waited for."""
        dispatcher = cls(store, settings)
        async with News.open(
            settings.redis_url, CHANGED, dispatcher._watches.tell, lost=dispatcher._watches.tell_all
        ) as news:
            dispatcher._news = news
            tasks = [
                asyncio.create_task(dispatcher._sweep.run(dispatcher._advance)),
                asyncio.create_task(dispatcher._releasing()),
            ]
            try:
                yield dispatcher
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)

    async def wake(self, jobs: Sequence[str]) -> None:
        """See `Dispatcher`."""
        self._called.set()

    async def cancelled(self, job: str) -> None:
        """See `Dispatcher`."""
        self._news.tell(CANCELLED, job)
        self._news.tell(CHANGED, job)
        self._called.set()  # there is room for another

    @contextmanager
    def watch(self, job: str) -> Iterator[Watch]:
        """See `Dispatcher`."""
        with self._watches.watch(job) as watch:
            yield watch

    async def execute(self, program: str, suite: Suite, limits: Limits) -> Execution:
        """See `Dispatcher`."""
        run, name = Run(program, suite, limits), uuid.uuid4().hex
        try:
            return await self._executed(run, name)
        except RedisError as error:
            raise WorkersUnavailable(f"Redis cannot be reached: {error}") from error

    def checks(self) -> Mapping[str, Check]:
        """See `Dispatcher`."""
        workers = {f"{queue}-worker": partial(self._check_worker, queue) for queue in QUEUES}
        return {"redis": self._check_redis, **workers}

    async def _check_redis(self) -> None:
        try:
            await self._news.redis.ping()
        except (RedisError, OSError) as error:
            raise WorkersUnavailable(f"Redis cannot be reached: {error}") from error

    async def _check_worker(self, queue: str) -> None:
        with suppress(RedisError, OSError):  # that Redis is missing, its own check tells
            if not await self._news.served(queue):
                raise WorkersUnavailable(f"none serves the queue; start one: celery -A worker worker -Q {queue}")

    async def _executed(self, run: Run, name: str) -> Execution:
        deadline = time.monotonic() + _QUEUED_S + run.deadline_s
        request, answer = runs.request_key(name), runs.answer_key(name)
        await self._news.redis.set(request, runs.request(run), ex=runs.KEPT_S)
        try:
            with self._watches.watch(name) as watch:
                await asyncio.to_thread(self._broker.run, name)
                while (text := await self._news.redis.getdel(answer)) is None:
                    if time.monotonic() > deadline:
                        raise WorkersUnavailable("no execute worker had time for it; start more, or try again later")
                    await watch.wait(_DEAF_S)
        except (asyncio.CancelledError, WorkersUnavailable):
            self._news.tell(CANCELLED, name)
            raise
        finally:
            with suppress(RedisError, OSError):
                await self._news.redis.delete(request)
        outcome = runs.outcome(str(text))
        if isinstance(outcome, str):
            raise SandboxCrashed(outcome)
        return outcome

    async def _releasing(self) -> None:
        """Send word of new jobs. One message will do for all that come while it is sent."""
        while True:
            await self._called.wait()
            self._called.clear()
            await asyncio.to_thread(self._broker.release)

    async def _advance(self, jobs: Sequence[str]) -> None:
        for job in jobs:
            await asyncio.to_thread(self._broker.advance, job)
