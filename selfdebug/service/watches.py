"""Who, in this process, waits for changes of which job."""

import asyncio
import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


class JobWatch:
    """One watcher of one job; see `Watch`. `longest_s`: look again after so long, because news may be lost."""

    def __init__(self, longest_s: Callable[[], float]) -> None:
        self._longest_s = longest_s
        self._news = asyncio.Event()

    def tell(self) -> None:
        self._news.set()

    async def wait(self, timeout_s: float) -> None:
        """See `Watch`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(min(timeout_s, self._longest_s())):
                await self._news.wait()
        self._news.clear()


class Watches:
    """The watchers of all jobs. For one event loop."""

    def __init__(self, longest_s: Callable[[], float] = lambda: math.inf) -> None:
        self._longest_s = longest_s
        self._by_job: defaultdict[str, set[JobWatch]] = defaultdict(set)

    @contextmanager
    def watch(self, job: str) -> Iterator[JobWatch]:
        watch = JobWatch(self._longest_s)
        self._by_job[job].add(watch)
        try:
            yield watch
        finally:
            self._by_job[job].discard(watch)
            if not self._by_job[job]:
                del self._by_job[job]

    def tell(self, job: str) -> None:
        """This job may have changed."""
        for watch in self._by_job.get(job, ()):
            watch.tell()

    def tell_all(self) -> None:
        """Any job may have changed."""
        for watches in self._by_job.values():
            for watch in watches:
                watch.tell()
