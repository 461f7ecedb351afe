"""The port between the API and whoever carries jobs out: in this process, or Celery workers elsewhere.

The store is the record; what goes through here are wake-ups. Any of them may be lost, and then the sweep, or a watcher
that looks again after a while, finds in the store what it was about.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from sandbox.types import Execution, Limits, Suite
from selfdebug.errors import SelfDebugError

if TYPE_CHECKING:
    from selfdebug.service.settings import Settings
    from selfdebug.service.store import Store


Check = Callable[[], Awaitable[None]]
"""Raises what says that a part is missing, and what to do. Cheap, and asked every few seconds."""


class WorkersUnavailable(SelfDebugError):
    """Nobody is there to do the work; the message says what to do."""


class Watch(Protocol):
    """Hears of one job's changes from the moment it was made: make it, then read the store, then wait."""

    async def wait(self, timeout_s: float) -> None:
        """Return as soon as the job may have changed since the watch was made or last waited; else after the time.

        It may return early for no reason, so look into the store.
        """
        ...


class Dispatcher(Protocol):
    """Sees to it that jobs are worked on, and tells who watches them. For one event loop."""

    async def wake(self, jobs: Sequence[str]) -> None:
        """These jobs have just been accepted. Harmless when repeated; never raises for want of a broker."""
        ...

    async def cancelled(self, job: str) -> None:
        """This job has been cancelled in the store: whoever works on it stops, and its watchers are told."""
        ...

    def watch(self, job: str) -> AbstractContextManager[Watch]:
        """Hear of a job's changes."""
        ...

    async def execute(self, program: str, suite: Suite, limits: Limits) -> Execution:
        """Run one program against tests, without a job. Cancelling stops it.

        Raises:
            SandboxError: The sandbox failed.
            WorkersUnavailable: No worker took it, or the broker cannot be reached.
        """
        ...

    def checks(self) -> Mapping[str, Check]:
        """By their names, the parts without which jobs are not worked on."""
        ...


def open_dispatcher(store: "Store", settings: "Settings") -> AbstractAsyncContextManager[Dispatcher]:
    """The dispatcher that the settings ask for, at work until the context ends: Celery's where there is a Redis."""
    if settings.redis_url:
        from selfdebug.service.celery_dispatch import CeleryDispatcher

        return CeleryDispatcher.open(store, settings)
    from selfdebug.service.embedded import EmbeddedDispatcher

    return EmbeddedDispatcher.open(store, settings)
