"""The one interface behind which every backend stands."""

from typing import Protocol

from sandbox.types import Execution, Limits, Suite


class Sandbox(Protocol):
    """Runs untrusted programs against trusted tests. Safe to call concurrently."""

    isolation: str

    async def run(self, program: str, suite: Suite, limits: Limits = Limits()) -> Execution:
        """Run one candidate against a suite.

        Whatever the candidate does is told by the returned `Execution`. Cancelling kills everything it started.

        Raises:
            SandboxUnavailable: No isolation can be had here.
            SandboxCrashed: The box died for the infrastructure's reasons, after one retry.
        """
        ...

    async def close(self) -> None:
        """End everything that is still running. Harmless when repeated."""
        ...
