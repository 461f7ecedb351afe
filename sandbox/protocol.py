"""The interfaces behind which every backend stands."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from sandbox.types import Execution, Limits, Suite


class Executor(Protocol):
    """Runs untrusted programs against trusted tests. Safe to call concurrently."""

    async def run(self, program: str, suite: Suite, limits: Limits = Limits(), *, trace: bool = False) -> Execution:
        """Run one candidate against a suite.

        With `trace` the candidate is watched step by step, which makes it slower within the same limits, and what it
        did in the first test that fails comes along as `Execution.trace`.

        Whatever the candidate does is told by the returned `Execution`. Cancelling kills everything it started.

        Raises:
            SandboxUnavailable: No isolation can be had here.
            SandboxCrashed: The box died for the infrastructure's reasons, and did so again when it was tried again.
        """
        ...


class Sandbox(Executor, Protocol):
    """Gives boxes to jobs. What is run by itself is a job of its own."""

    isolation: str

    def job(self) -> AbstractAsyncContextManager[Executor]:
        """Boxes for one job, warm from its first run to its end.

        Its runs may share a box, one after the other, each with processes, name spaces and scratch of its own; no
        other job ever uses the box, and it is destroyed when the job ends.
        """
        ...

    async def close(self) -> None:
        """End everything that is still running. Harmless when repeated."""
        ...
