"""The `Sandbox` that keeps boxes warm for jobs, whatever a box is made of."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from sandbox.errors import SandboxCrashed, SandboxError
from sandbox.jobs import Job
from sandbox.places import Places
from sandbox.protocol import Executor
from sandbox.types import AssertSuite, Execution, Limits, Suite

_ATTEMPTS = 3
_IDLE_FACTOR = 4  # warm boxes that wait for their job's next run, for each box that may run


class Box(Protocol):
    """A place that runs one program at a time. Whoever makes one must `end` it, also when starting it failed."""

    async def start(self) -> None:
        """Start it, and wait until its walls stand.

        Raises:
            SandboxCrashed: It could not be started.
        """
        ...

    async def ask(self, line: bytes, answer_bytes: int) -> bytes:
        """Send one order; return the line that answers it, which is at most so long.

        Raises:
            SandboxCrashed: The box ended instead, or its answer is longer.
        """
        ...

    async def end(self) -> None:
        """End it with all that runs in it, and wait until it is gone. Harmless when repeated."""
        ...


class Backend(Protocol):
    """Where the runner runs.

    Attributes:
        isolation: Its name, recorded in every execution.
        spares: How many boxes to hold ready that are no job's yet, because starting one takes long.
    """

    isolation: str
    spares: int

    async def prepare(self) -> None:
        """Find what is needed; cheap when repeated.

        Raises:
            SandboxUnavailable: It is not here; the message names the cure.
        """
        ...

    async def check(self) -> None:
        """Find out, after a box has failed, whether boxes can be had here at all.

        Raises:
            SandboxUnavailable: They can't; the message names the cure.
        """
        ...

    def box(self, suite: Suite) -> Box:
        """A box for such a suite, not started. Called after `prepare`."""
        ...

    def kind(self, suite: Suite) -> str:
        """Suites of the same kind can run in the same box; spare ones are of kind `""`."""
        ...

    def site(self, suite: Suite) -> tuple[str, ...]:
        """The folders, as seen in the box, from which the trusted process may import pytest."""
        ...

    async def close(self) -> None:
        """Let go of whatever it holds. Harmless when repeated."""
        ...


@dataclass(eq=False)
class _Warm:
    """A started box, and the one job that may use it."""

    box: Box
    kind: str
    job: "_Job"


class _Job:
    """One job: its runs share boxes, one after the other."""

    def __init__(self, sandbox: "BoxedSandbox") -> None:
        self._sandbox = sandbox
        self.begun = self.ended = False

    async def run(self, program: str, suite: Suite, limits: Limits = Limits(), *, trace: bool = False) -> Execution:
        """Run one candidate against a suite; see `Executor`."""
        return await self._sandbox.run_in(self, Job(program, suite, limits, trace))


class BoxedSandbox:
    """Gives warm boxes to jobs, a bounded number at work at once. For one event loop.

    A job whose box is warm comes first, then one that has begun: otherwise, when many run at once, each would find its
    box gone after all the others' turns, and need another for each of its own.
    """

    def __init__(self, backend: Backend, boxes: int | None = None) -> None:
        """Use `backend`, with at most `boxes` boxes at work at once (by default one a processor)."""
        self.isolation = backend.isolation
        self._backend = backend
        self._most = boxes or os.cpu_count() or 1
        self._places = Places(self._most, self._rank)
        self._open: set[Box] = set()
        self._starting = self._working = 0
        self._idle: list[_Warm] = []
        self._spares: list[Box] = []
        self._ahead: asyncio.Task[Box] | None = None
        self._refill: asyncio.Task[None] | None = None
        self._closed = False

    @contextlib.asynccontextmanager
    async def job(self) -> AsyncIterator[Executor]:
        """Boxes for one job, warm from its first run to its end, and no other job's ever."""
        job = _Job(self)
        try:
            yield job
        finally:
            job.ended = True
            mine = [warm for warm in self._idle if warm.job is job]
            self._idle = [warm for warm in self._idle if warm.job is not job]
            await asyncio.gather(*(self._end(warm.box) for warm in mine))

    async def run(self, program: str, suite: Suite, limits: Limits = Limits(), *, trace: bool = False) -> Execution:
        """Run one candidate against a suite, as a job of its own; see `Executor`."""
        async with self.job() as job:
            return await job.run(program, suite, limits, trace=trace)

    def count(self) -> dict[str, int]:
        """How many boxes there are: `working`, `warm` for their job's next run, `spare`, `starting`."""
        ahead = self._ahead is not None and self._ahead.done()
        return {
            "working": self._working,
            "warm": len(self._idle),
            "spare": len(self._spares) + ahead,
            "starting": self._starting,
        }

    async def check(self) -> None:
        """Find out whether boxes can be had here now, by starting one.

        Raises:
            SandboxUnavailable: No isolation can be had here; the message names the cure.
            SandboxCrashed: The box failed, and nobody knows why.
        """
        await self._backend.prepare()
        try:
            box = await self._start(AssertSuite(()))
        except SandboxCrashed:
            await self._backend.check()
            raise
        await self._end(box)

    async def run_in(self, job: _Job, order: Job) -> Execution:
        """Run one candidate in a box of a job, and again in another where the box, not the candidate, failed.

        Raises:
            SandboxUnavailable: No isolation can be had here.
            SandboxCrashed: Each box died for the infrastructure's reasons.
        """
        await self._backend.prepare()
        line = order.line(site=self._backend.site(order.suite))
        for attempt in range(1, _ATTEMPTS + 1):
            async with self._places.place(job):
                job.begun = True
                try:
                    return await self._answer(job, order, line, anew=attempt > 1)
                except SandboxCrashed:
                    if self._closed or attempt == _ATTEMPTS:
                        raise
                    await self._backend.check()
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def start_ahead(self) -> None:
        """Begin to start a box, for the first run that comes, and return while it starts.

        Should that fail, the first run says why. A suite that needs a box of another kind gets a new one.
        """
        if self._ahead is None and not self._closed:
            self._ahead = asyncio.create_task(self._start_any())
            await asyncio.sleep(0)  # so that its process is there, even if the caller now blocks the loop

    async def close(self) -> None:
        """End everything that is still running: those runs raise `SandboxCrashed`. Harmless when repeated."""
        self._closed = True
        for task in (self._refill, self._ahead):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        self._idle, self._spares = [], []
        await asyncio.gather(*(self._end(box) for box in tuple(self._open)))
        await self._backend.close()

    async def _answer(self, job: _Job, order: Job, line: bytes, *, anew: bool) -> Execution:
        from sandbox.answers import read_answer  # its import takes time, in which a box that starts ahead may start

        warm: _Warm | None = None
        try:
            async with asyncio.timeout(order.deadline_s):
                warm = await self._take(job, order.suite, anew=anew)
                self._working += 1
                try:
                    answer = await warm.box.ask(line, order.answer_bytes)
                finally:
                    self._working -= 1
            execution = read_answer(answer, order, self.isolation)
            if not self._closed and not job.ended:
                self._idle.append(warm)
                warm = None
            return execution
        except TimeoutError as error:
            raise SandboxCrashed(f"the box did not answer within {order.deadline_s:.0f} s") from error
        finally:
            # The last to come goes: if the first went, many who come in turns would all lose theirs.
            kept = _IDLE_FACTOR * self._most
            too_many, self._idle = self._idle[kept:], self._idle[:kept]
            for old in [*too_many, *([warm] if warm else [])]:
                await self._end(old.box)

    def _rank(self, job: _Job) -> int:
        return 0 if any(warm.job is job for warm in self._idle) else 1 if job.begun else 2

    async def _take(self, job: _Job, suite: Suite, *, anew: bool) -> _Warm:
        """A warm box of the job, else an unused one, else a new one; a new one in any case if it shall be `anew`."""
        if self._closed:
            raise SandboxCrashed("the sandbox is closed")
        kind = self._backend.kind(suite)
        for warm in reversed(self._idle):
            if warm.job is job and warm.kind == kind and not anew:
                self._idle.remove(warm)
                return warm
        unused = None if kind or anew else await self._unused()
        box = unused or await self._start(suite)
        if self._refill is None or self._refill.done():
            self._refill = asyncio.create_task(self._keep_spares(suite))
        return _Warm(box, kind, job)

    async def _unused(self) -> Box | None:
        """The box that was started ahead, else a spare one. Neither was any job's."""
        if self._ahead is not None:
            ahead, self._ahead = self._ahead, None
            return await ahead
        return self._spares.pop(0) if self._spares else None

    async def _start_any(self) -> Box:
        await self._backend.prepare()
        return await self._start(AssertSuite(()))

    async def _keep_spares(self, suite: Suite) -> None:
        """Hold as many spare boxes ready as the backend wants. If it can't now, the next run says why."""
        with contextlib.suppress(SandboxError):
            while len(self._spares) < self._backend.spares and not self._backend.kind(suite):
                self._spares.append(await self._start(suite))

    async def _start(self, suite: Suite) -> Box:
        box = self._backend.box(suite)
        self._open.add(box)
        self._starting += 1
        try:
            await box.start()
        except BaseException:
            await self._end(box)
            raise
        finally:
            self._starting -= 1
        return box

    async def _end(self, box: Box) -> None:
        try:
            await box.end()
        finally:
            self._open.discard(box)
