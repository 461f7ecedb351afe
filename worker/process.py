"""What one worker process holds: an event loop in a thread, and on it the store, the engines and the steps at work.

The tasks of all threads meet on this loop, so that jobs share batches and boxes stay warm.
"""

import asyncio
import os
import signal
import threading
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

from selfdebug.service import logs
from selfdebug.service.broker import ADVANCE, Broker
from selfdebug.service.engines import Engines
from selfdebug.service.news import CANCELLED, CHANGED, News
from selfdebug.service.records import End
from selfdebug.service.settings import Settings
from selfdebug.service.steps import Grade, Step
from selfdebug.service.store import Store, open_store
from selfdebug.service.sweep import Sweep
from selfdebug.service.work import Work
from worker.runs import Runs

_ALIVE_EVERY_S = 5.0
_T = TypeVar("_T")
_log = logs.get(__name__)


class Process:
    """The steps of one process. Its public methods may be called from any thread but the loop's.

    Args:
        queues: What it serves; one that serves `advance` sweeps.
    """

    def __init__(self, settings: Settings, broker: Broker, queues: Sequence[str]) -> None:
        self._settings, self._broker, self._queues = settings, broker, tuple(queues)
        self._stack = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []
        self._store: Store
        self._news: News
        self._work: Work
        self._runs: Runs
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="loop", daemon=True)
        self._thread.start()
        try:
            self._call(self._open())
        except BaseException:
            self._stop()
            raise

    def advance(self, job: str) -> None:
        """Find out what comes next for a job, and send for it."""
        self._send(job, self._call(self._work.next(job)))

    def step(self, job: str, name: str) -> None:
        """Carry a step out, and send for what comes next. The hidden tests are run at once."""
        step = self._call(self._work.take(job, name))
        if isinstance(step, Step) and isinstance(step.actions[0], Grade):
            step = self._call(self._work.take(job, step.name))
        self._send(job, step)

    def release(self) -> None:
        """Let queued jobs run, and send for their first steps."""
        for job in self._call(self._work.persist(self._store.release, running=self._settings.running_jobs)):
            self.advance(job.id)

    def run(self, name: str) -> None:
        """Run a program that belongs to no job."""
        self._call(self._runs.run(name))

    def drain(self) -> None:
        """Begin nothing more, and hand back soon what has not ended. Does not wait, and may be called by a signal."""
        self._loop.call_soon_threadsafe(lambda: self._tasks.append(self._loop.create_task(self._drain())))

    def close(self) -> None:
        """End everything."""
        self._call(self._close())
        self._stop()

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def _send(self, job: str, step: Step | End | None) -> None:
        if isinstance(step, Step):
            self._broker.step(job, step)
        elif isinstance(step, End):
            self.release()

    async def _open(self) -> None:
        self._store = await asyncio.to_thread(open_store, self._settings)
        engines = Engines(self._settings)
        self._stack.push_async_callback(engines.close)
        news = await self._stack.enter_async_context(News.open(self._settings.redis_url, CANCELLED, self._cancelled))
        self._work = Work(
            self._store, engines, self._settings, holder=f"{os.uname().nodename}:{os.getpid()}", changed=self._changed
        )
        self._stack.push_async_callback(self._work.close)
        self._news, self._runs = news, Runs(news, engines)
        self._tasks.append(asyncio.create_task(self._living()))
        if ADVANCE in self._queues:
            self._tasks.append(asyncio.create_task(self._sweep()))

    async def _close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._stack.aclose()
        await asyncio.to_thread(self._store.close)

    async def _drain(self) -> None:
        self._runs.stop()
        await self._work.drain(self._settings.shutdown_s)

    async def _changed(self, job: str) -> None:
        self._news.tell(CHANGED, job)

    def _cancelled(self, job: str) -> None:
        self._work.cancelled(job)
        self._runs.cancelled(job)

    async def _sweep(self) -> None:
        async def advance(jobs: Sequence[str]) -> None:
            for job in jobs:
                await asyncio.to_thread(self._broker.advance, job)

        await Sweep(self._store, self._settings, patience_s=2 * self._settings.sweep_s).run(advance)

    async def _living(self) -> None:
        """Let it be known that these queues are served; end when too large."""
        most = self._settings.worker_memory_bytes
        while not self._work.draining:
            await self._news.alive(self._queues)
            if most and (now := _resident_bytes()) > most:
                _log.warning("too much memory is in use: ending, to be started anew", bytes=now, limit=most)
                os.kill(os.getpid(), signal.SIGTERM)
                return
            await asyncio.sleep(_ALIVE_EVERY_S)


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
