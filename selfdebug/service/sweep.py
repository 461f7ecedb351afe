"""The sweep: revives what stands still, whatever was lost: a worker, a message, the broker with all its messages.

Any number of sweeps may run at once, in any process; what one does, another finds done. No clock but the sweeper's own
monotonic one decides whether somebody is still at work.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from selfdebug.service import logs, metrics
from selfdebug.service.records import Held
from selfdebug.service.settings import Settings
from selfdebug.service.store import Store, StoreUnavailable

_AT_ONCE = 1000  # idle jobs that one sweep looks at
_LONGEST_S = 300.0
_log = logs.get(__name__)


@dataclass
class _Idle:
    """A running job that nobody holds, as long as it is at this version."""

    version: int
    due: float
    patience_s: float


class Sweep:
    """One sweeper: what it has seen, and when. Not for several threads at once.

    Args:
        patience_s: How long a running job may be without a holder before it is dispatched again; doubled each time,
            because its message may only be waiting.
        clock: Seconds, monotonic.
    """

    def __init__(
        self, store: Store, settings: Settings, *, patience_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store, self._settings, self._patience_s, self._clock = store, settings, patience_s, clock
        self._beats: dict[tuple[str, str, int], tuple[int, float]] = {}
        self._idle: dict[str, _Idle] = {}

    async def run(self, advance: Callable[[Sequence[str]], Awaitable[None]]) -> NoReturn:
        """Sweep until cancelled, whatever goes wrong; `advance` is given the ids of the jobs that need it."""
        while True:
            try:
                await advance(await asyncio.to_thread(self.tick))
            except StoreUnavailable as error:
                metrics.failed("store")
                _log.warning("the store cannot be used", note=logs.clean(str(error)))
            except Exception:  # whatever else it is: without sweeps, jobs would stand still unseen
                metrics.failed("queue")
                _log.exception("a sweep failed")
            await asyncio.sleep(self._settings.sweep_s)

    def tick(self) -> list[str]:
        """Look once; the ids of the jobs that have to be advanced.

        Raises:
            StoreUnavailable: Nothing can be said about who is at work, so all that was seen is forgotten.
        """
        try:
            self._expire()
            revived = self._revive()
            return revived + [job.id for job in self._store.release(running=self._settings.running_jobs)]
        except StoreUnavailable:
            self._beats, self._idle = {}, {}
            raise

    def _expire(self) -> None:
        """Take the step from each holder that has not been heard of for the time of a lease."""
        now, seen = self._clock(), dict[tuple[str, str, int], tuple[int, float]]()
        for held in self._store.held():
            key = (held.job, held.step, held.fence)
            beat, since = self._beats.get(key, (held.beat, now))
            seen[key] = (beat, since) if beat == held.beat else (held.beat, now)
            if now - seen[key][1] >= self._settings.lease_s:
                self._take_away(held)
        self._beats = seen

    def _take_away(self, held: Held) -> None:
        if self._store.expire(held):
            self._idle[held.job] = _Idle(-1, self._clock(), 0.0)  # its message is lost as well: due at once

    def _revive(self) -> list[str]:
        now, idle, due = self._clock(), dict[str, _Idle](), list[str]()
        for job in self._store.idle(_AT_ONCE):
            known = self._idle.get(job.id)
            if known is None or known.version not in (job.version, -1):
                known = _Idle(job.version, now + self._patience_s, self._patience_s)
            idle[job.id] = known
            if now >= known.due:
                due.append(job.id)
                patience_s = min(max(2 * known.patience_s, self._patience_s), _LONGEST_S)
                idle[job.id] = _Idle(job.version, now + patience_s, patience_s)
        self._idle = idle
        return due
