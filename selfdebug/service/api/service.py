"""What the endpoints share: settings, store, dispatcher, and what they keep between requests."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Path, Request
from starlette.concurrency import run_in_threadpool

from selfdebug.service.api.caller import Authenticate, Caller
from selfdebug.service.api.details import BUSY, NOT_FOUND, ApiError, later
from selfdebug.service.api.views import JobView, job_view
from selfdebug.service.dispatch import Dispatcher, Watch
from selfdebug.service.records import Job
from selfdebug.service.settings import Settings
from selfdebug.service.store import Store
from selfdebug.trajectory import fold

_LOOK_AGAIN_S = 5.0
_PROGRAMS_KEPT = 256
_WAITING_FACTOR = 16  # executions that may wait, for each that may run


@dataclass
class Service:
    """What the endpoints share. `close` ends what would last: streams and waits answer at once from then on.

    Attributes:
        keys_in_flight: Owner and idempotency key of each submission that is being worked on.
        executions: How many run or wait for a box.
    """

    settings: Settings
    store: Store
    dispatcher: Dispatcher
    authenticate: Authenticate
    keys_in_flight: set[tuple[str, str]] = field(default_factory=set)
    executions: int = 0
    _programs: OrderedDict[tuple[str, int], str] = field(default_factory=OrderedDict)
    _closing: asyncio.Event = field(default_factory=asyncio.Event)
    _boxes: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._boxes = asyncio.Semaphore(self.settings.boxes)

    def close(self) -> None:
        """Let streams and waits end, because the server does. Clients come again to where they were."""
        self._closing.set()

    @property
    def closing(self) -> bool:
        return self._closing.is_set()

    async def news(self, watch: Watch, timeout_s: float) -> None:
        """Wait until the job is to be looked at: it may have changed, or the time is over, or the server ends.

        News may be lost, and so one looks again after five seconds in any case.
        """
        waits = [
            asyncio.ensure_future(watch.wait(min(timeout_s, _LOOK_AGAIN_S))),
            asyncio.ensure_future(self._closing.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def job(self, job: str, caller: Caller) -> Job:
        """The job of that id.

        Raises:
            ApiError: There is none, or it is somebody else's.
        """
        found = await run_in_threadpool(self.store.job, job) if _may_be_id(job) else None
        if found is None or not caller.sees(found):
            raise ApiError(NOT_FOUND, "there is no job of this id, or it belongs to another key")
        return found

    async def revoked(self, caller: Caller) -> bool:
        """Whether the caller's key has been revoked since it was let in."""
        keys = await run_in_threadpool(self.store.keys) if caller.owner else []
        return any(key.id == caller.owner and key.revoked_at for key in keys)

    async def view(self, job: Job) -> JobView:
        """The job with the program of its best candidate."""
        return job_view(job, await run_in_threadpool(self.best_program, job) if job.progress.best else None)

    def best_program(self, job: Job) -> str | None:
        """The program of the best candidate; None while there is none. Blocks."""
        turn = job.progress.best
        if not turn:
            return None
        known = self._programs.get((job.id, turn))
        if known is None:
            known = fold(self.store.trajectory(job.id)).turns[turn - 1].candidate.program
            self._programs[job.id, turn] = known
            while len(self._programs) > _PROGRAMS_KEPT:
                self._programs.popitem(last=False)
        return known

    @asynccontextmanager
    async def box(self) -> AsyncIterator[None]:
        """A place to run one program.

        Raises:
            ApiError: Too many wait for one.
        """
        if self.executions >= _WAITING_FACTOR * self.settings.boxes:
            raise later(BUSY, f"{self.executions} executions run or wait; try again later", 2)
        self.executions += 1
        try:
            async with self._boxes:
                yield
        finally:
            self.executions -= 1


def _may_be_id(text: str) -> bool:
    return len(text) == 32 and text.isascii() and text.isalnum()


def _service(request: Request) -> Service:
    found: Service = request.app.state.service
    return found


Shared = Annotated[Service, Depends(_service)]
JobId = Annotated[str, Path(description="The job's id.", json_schema_extra={"pattern": "^[0-9a-f]{32}$"})]
