"""The sweep, over real stores, by a clock that the test turns."""

import asyncio
from collections.abc import Callable, Sequence
from typing import NoReturn

import pytest

from selfdebug.options import Options
from selfdebug.problem import Problem
from selfdebug.service.records import NewJob, Status
from selfdebug.service.settings import Settings
from selfdebug.service.store import Store, StoreUnavailable
from selfdebug.service.sweep import Sweep

SETTINGS = Settings(lease_s=10.0, running_jobs=2)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def submit(store: Store, count: int = 1) -> list[str]:
    return [job.id for job in store.submit("", [NewJob(Problem(str(n), "s"), Options()) for n in range(count)])]


def sweep(store: Store, clock: Clock, patience_s: float = 4.0) -> Sweep:
    return Sweep(store, SETTINGS, patience_s=patience_s, clock=clock)


def test_it_releases_as_many_as_may_run(store: Store) -> None:
    one, two, three = submit(store, 3)
    sweeper = sweep(store, Clock())
    assert sweeper.tick() == [one, two]
    assert sweeper.tick() == []
    store.finish(one, Status.UNSOLVED)
    assert sweeper.tick() == [three]


def test_a_lease_lives_while_its_beat_changes(store: Store) -> None:
    clock = Clock()
    (job,) = submit(store)
    sweeper = sweep(store, clock)
    sweeper.tick()
    lease = store.claim(job, "g1", "a", cap=5)
    assert lease
    for _ in range(5):
        clock.now += 9.0
        assert store.beat(lease)
        assert sweeper.tick() == []
    clock.now += 9.9
    assert sweeper.tick() == []
    clock.now += 0.2
    assert sweeper.tick() == [job]  # expired, and dispatched in the same sweep
    assert not store.beat(lease)
    assert store.claim(job, "g1", "b", cap=5)


def test_two_sweepers_expire_a_lease_once(open_at: Callable[..., Store]) -> None:
    stores, clock = [open_at(), open_at()], Clock()
    (job,) = submit(stores[0])
    sweepers = [sweep(each, clock) for each in stores]
    for sweeper in sweepers:
        sweeper.tick()
    stores[0].claim(job, "g1", "a", cap=5)
    for sweeper in sweepers:
        sweeper.tick()
    clock.now += 11.0
    assert [sweeper.tick() for sweeper in sweepers] == [[job], []]


def test_what_stands_still_is_sent_again_after_longer_and_longer_waits(store: Store) -> None:
    clock = Clock()
    (job,) = submit(store)
    sweeper = sweep(store, clock, patience_s=4.0)
    sweeper.tick()
    sent = []
    for second in range(1, 41):
        clock.now += 1.0
        sent += [second] * (sweeper.tick() == [job])
    # Seen idle first at second 1; then after 4, 8, 16, …
    assert sent == [5, 13, 29]


def test_progress_makes_the_wait_short_again(store: Store) -> None:
    clock = Clock()
    (job,) = submit(store)
    sweeper = sweep(store, clock, patience_s=4.0)
    for _ in range(20):
        sweeper.tick()
        clock.now += 1.0
    store.cancel(job)
    (other,) = submit(store)
    assert sweeper.tick() == [other]
    sweeper.tick()
    clock.now += 4.0
    assert sweeper.tick() == [other]


def test_after_the_store_was_away_every_holder_gets_its_time_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    (job,) = submit(store)
    sweeper = sweep(store, clock)
    sweeper.tick()
    store.claim(job, "g1", "a", cap=5)
    sweeper.tick()

    def away() -> None:
        raise StoreUnavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr(store, "held", away)
        clock.now += 60.0
        with pytest.raises(StoreUnavailable):
            sweeper.tick()
    assert sweeper.tick() == []
    clock.now += 10.0
    assert sweeper.tick() == [job]


@pytest.mark.parametrize("error", [StoreUnavailable("away"), RuntimeError("odd")])
async def test_nothing_that_goes_wrong_ends_the_sweeping(
    error: Exception, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = submit(store)
    held = store.held

    def fail() -> NoReturn:
        monkeypatch.setattr(store, "held", held)
        raise error

    monkeypatch.setattr(store, "held", fail)
    advanced = asyncio.Queue[str]()

    async def advance(found: Sequence[str]) -> None:
        for job in found:
            advanced.put_nowait(job)

    sweeping = asyncio.create_task(Sweep(store, Settings(sweep_s=0.01), patience_s=0.0).run(advance))
    async with asyncio.timeout(60.0):
        assert await advanced.get() == jobs[0]
    sweeping.cancel()
    await asyncio.wait({sweeping})
