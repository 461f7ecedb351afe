"""The `Sandbox` that runs every candidate in a box of its own, whatever the box is made of."""

import asyncio
import os
from typing import Protocol

from sandbox.box import Box, Launch
from sandbox.errors import SandboxCrashed
from sandbox.jobs import Job, read_answer
from sandbox.types import Execution, Limits, Suite

_ATTEMPTS = 2


class Backend(Protocol):
    """Where the runner runs.

    Attributes:
        isolation: Its name, recorded in every execution.
        isolate: Whether the runner shall take the candidate's process apart from the tests' by name spaces.
    """

    isolation: str
    isolate: bool

    async def prepare(self) -> None:
        """Find out whether it works here; cheap when repeated.

        Raises:
            SandboxUnavailable: It does not; the message names the cure.
        """
        ...

    def launch(self, suite: Suite) -> Launch:
        """Say how to start a box for such a suite. Called after `prepare`."""
        ...

    def site(self, suite: Suite) -> tuple[str, ...]:
        """The folders, as seen in the box, from which the trusted process may import pytest."""
        ...


class BoxedSandbox:
    """Runs candidates in boxes: a fresh one for each run, a bounded number at once. For one event loop."""

    def __init__(self, backend: Backend, boxes: int | None = None) -> None:
        """Use `backend`, with at most `boxes` boxes at once (by default one a processor)."""
        self.isolation = backend.isolation
        self._backend = backend
        self._places = asyncio.Semaphore(boxes or os.cpu_count() or 1)
        self._open: set[Box] = set()
        self._closed = False

    async def run(self, program: str, suite: Suite, limits: Limits = Limits()) -> Execution:
        """Run one candidate against a suite.

        Whatever the candidate does is told by the returned `Execution`. Cancelling kills everything it started.

        Raises:
            SandboxUnavailable: No isolation can be had here.
            SandboxCrashed: The box died for the infrastructure's reasons, after one retry.
        """
        await self._backend.prepare()
        job = Job(program, suite, limits)
        line = job.line(isolate=self._backend.isolate, site=self._backend.site(suite))
        for attempt in range(1, _ATTEMPTS + 1):
            async with self._places:
                try:
                    return read_answer(await self._answer(job, line), self.isolation)
                except SandboxCrashed:
                    if self._closed or attempt == _ATTEMPTS:
                        raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def close(self) -> None:
        """End everything that is still running: those runs raise `SandboxCrashed`. Harmless when repeated."""
        self._closed = True
        await asyncio.gather(*(box.end() for box in tuple(self._open)))

    async def _answer(self, job: Job, line: bytes) -> bytes:
        if self._closed:
            raise SandboxCrashed("the sandbox is closed")
        box = Box(self._backend.launch(job.suite), job.answer_bytes)
        self._open.add(box)
        try:
            async with asyncio.timeout(job.deadline_s):
                await box.start()
                return await box.ask(line)
        except TimeoutError as error:
            raise SandboxCrashed(f"the box did not answer within {job.deadline_s:.0f} s") from error
        finally:
            self._open.discard(box)
            await box.end()
