"""Clients of the service: they submit jobs until they have an answer, and some watch theirs to the end."""

import asyncio
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import httpx

from benchmarks.reliability.model import TURNS, statement
from benchmarks.reliability.processes import PATIENCE_S, Stuck
from benchmarks.reliability.record import At, Record
from selfdebug.events import Event
from selfdebug.service.client import Client, RemoteJob
from selfdebug.service.records import Status
from selfdebug.service.store import StoreUnavailable

_LOOK_S = 0.1
_NEW = At(Status.QUEUED, 1)
_WATCHED = 3
_T = TypeVar("_T")


class Load:
    """The jobs of one service.

    Attributes:
        accepted: The numbers of the jobs that the service has acknowledged, by their ids.
        next: The number of the next job.
        refused: Submissions that were not acknowledged, and came again.
        at: Where each job stood when the record was last seen.
        results: How many steps of each kind had a result then.
    """

    def __init__(self, address: str, record: Record) -> None:
        self.accepted: dict[str, int] = {}
        self.refused = 0
        self.at: dict[str, At] = {}
        self.results: Counter[str] = Counter()
        self._address, self._record = address, record
        self._http = httpx.AsyncClient(base_url=address, timeout=30.0, trust_env=False)
        self.next = 0
        self._name = uuid.uuid4().hex
        self._tasks: list[asyncio.Task[None]] = []
        self._padding = ""
        self._looking = asyncio.create_task(self._look())

    @property
    def open(self) -> dict[str, At]:
        """The accepted jobs that have not ended."""
        return {job: at for job in self.accepted if not (at := self.at.get(job, _NEW)).status.terminal}

    async def keep(self, jobs: int) -> None:
        """See to it that so many accepted jobs have not ended; all were when they were submitted."""
        while (missing := jobs - len(self.open)) > 0:
            first, self.next = self.next, self.next + missing
            await asyncio.gather(*(self._submit(number) for number in range(first, self.next)))
            await self.seen()

    async def one(self) -> None:
        """Submit one more, of the number `next`."""
        self.next += 1
        await self._submit(self.next - 1)

    async def flood(self) -> None:
        """Submit large jobs until one is not accepted at once."""
        before, self._padding = self.refused, "x" * 20_000
        while self.refused == before:
            await self.keep(len(self.open) + 5)
        self._padding = ""

    async def refuses(self) -> None:
        """Wait until a submission is not accepted."""
        before = self.refused
        await self._until(lambda: self.refused > before, "submissions are accepted that should not be")

    async def seen(self) -> None:
        """Wait until the record has been looked at anew."""
        look = self._looks
        await self._until(lambda: self._looks > look + 1, "the store could not be read")

    async def moved(self, before: dict[str, At]) -> None:
        """Wait until each of these jobs has moved on."""

        def still() -> list[str]:
            return [
                f"{job}: {at}" for job, at in before.items() if not (now := self.at[job]).status.terminal and now == at
            ]

        await self._until(lambda: not still(), lambda: "these jobs do not move:\n" + "\n".join(still()))

    async def works(self, kind: str) -> None:
        """Wait until a step of this kind, or of any, has a result that it had not."""
        before = await asyncio.to_thread(self._record.results)

        def goes_on() -> bool:
            return any(self.results[each] > before[each] for each in self.results if each == (kind or each))

        await self._until(goes_on, f"no {kind} step gets a result".replace("  ", " "))

    async def finish(self) -> None:
        """Wait until every accepted job has ended, and those who watch know it.

        Raises:
            Stuck: For a long time nothing has moved.
        """

        def stuck() -> str:
            each = [f"{job}: {at}" for job, at in self.open.items()]
            with suppress(StoreUnavailable):
                each += ["held:", *self._record.held()]
            return "\n".join(["nothing moves:", *each])

        await self._until(lambda: not self.open, stuck)
        for watcher in self._tasks:
            async with asyncio.timeout(PATIENCE_S):
                await watcher

    async def close(self) -> None:
        self._looking.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(self._looking, *self._tasks, return_exceptions=True)
        await self._http.aclose()

    async def _submit(self, number: int) -> None:
        body = {
            "problem": {
                "id": f"add-{number}",
                "statement": statement(number) + self._padding,
                "entry_point": "add",
                "tests": {"asserts": ["assert add(1, 2) == 3", "assert add(2, 0) == 2"]},
                "hidden_tests": {"asserts": ["assert add(5, 5) == 10"]},
            },
            "options": {"strategy": "linear", "budget": {"turns": TURNS + 1}},
        }
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while True:
            with suppress(httpx.TransportError):
                answer = await self._http.post(
                    "/v1/jobs", json=body, headers={"Idempotency-Key": f"{self._name}-{number}"}
                )
                if answer.status_code == 202:
                    job = answer.json()["id"]
                    break
                if answer.status_code not in (409, 429, 503):
                    raise AssertionError(f"{answer.status_code}: {answer.text}")
            self.refused += 1
            if asyncio.get_running_loop().time() > deadline:
                raise Stuck(f"job {number} was not accepted within {PATIENCE_S:g} s")
            await asyncio.sleep(0.3)
        self.accepted[job] = number
        if len(self._tasks) < _WATCHED:
            self._tasks.append(asyncio.create_task(self._watch(job)))

    async def _watch(self, job: str) -> None:
        """Watch a job as `selfdebug watch` does, and see that what it shows is what happened."""
        seen = await asyncio.to_thread(self._watched, job)
        events = [each for each in seen if not isinstance(each, RemoteJob)]
        shown = await asyncio.to_thread(self._client, lambda client: client.job(job))
        await self.seen()
        assert [type(each) for each in seen[-1:]] == [RemoteJob], seen[-1:]
        assert len(events) == self.at[job].version, f"{len(events)} events of job {job} were shown"
        assert seen[-1] == shown

    def _watched(self, job: str) -> list[Event | RemoteJob]:
        return self._client(lambda client: list(client.watch(job)))

    def _client(self, use: Callable[[Client], _T]) -> _T:
        with Client(self._address, patience_s=PATIENCE_S) as client:
            return use(client)

    _looks = 0

    async def _look(self) -> None:
        while True:
            with suppress(StoreUnavailable):
                self.at = await asyncio.to_thread(self._record.positions)
                self.results = await asyncio.to_thread(self._record.results)
                self._looks += 1
            await asyncio.sleep(_LOOK_S)

    async def _until(self, true: Callable[[], bool], otherwise: str | Callable[[], str]) -> None:
        """Wait until something is true.

        Raises:
            Stuck: It is not, and for a long time no job has moved.
        """
        clock = asyncio.get_running_loop().time
        seen, since = self.at, clock()
        while not true():
            if self._looking.done():
                await self._looking
            if seen != self.at:
                seen, since = self.at, clock()
            if clock() > since + PATIENCE_S:
                raise Stuck(otherwise if isinstance(otherwise, str) else otherwise())
            await asyncio.sleep(0.05)
