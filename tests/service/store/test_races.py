"""Many threads and processes on one store at once: nothing happens twice, and no limit is passed."""

import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import TypeVar

import pytest

from selfdebug.service.records import Lease, Scope, Status
from selfdebug.service.store import Conflict, Idempotency, QueueFull, Stale, Store

from .made import PROGRESS, claimed, event, new, running

RACER = Path(__file__).with_name("racer.py")
THREADS = 8
Result = TypeVar("Result")


@pytest.fixture
def stores(open_at: Callable[..., Store]) -> tuple[Store, Store]:
    """One database, opened twice."""
    return open_at(), open_at()


def at_once(stores: tuple[Store, Store], function: Callable[[int, Store], Result]) -> list[Result]:
    """Call it in all threads at the same moment, with the thread's number and one of the stores."""
    gate = threading.Barrier(THREADS)

    def call(number: int) -> Result:
        gate.wait()
        return function(number, stores[number // 2 % 2])

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(call, range(THREADS)))


def test_releases_at_once_release_nothing_twice_and_pass_no_limit(stores: tuple[Store, Store]) -> None:
    key, _ = stores[0].create_key("k", [Scope.SUBMIT], 0, 7)
    stores[0].submit(key.id, [new()] * 30)
    stores[0].submit("b", [new()] * 30)
    released = list(chain(*at_once(stores, lambda number, store: store.release(running=20))))
    assert len({job.id for job in released}) == len(released) == 20
    assert Counter(job.owner for job in released)[key.id] == 7


def test_claims_at_once_give_one_lease(stores: tuple[Store, Store]) -> None:
    def claim_once(job: str) -> Lease:
        leases = at_once(stores, lambda number, store: store.claim(job, "g1", str(number), cap=9))
        (lease,) = filter(None, leases)
        return lease

    for job in running(stores[0], 5):
        for delivery in (1, 2):
            assert claim_once(job.id) == Lease(job.id, "g1", delivery, delivery)
            assert stores[0].expire(stores[0].held()[0])
        stores[0].finish(job.id, Status.SOLVED)


def test_a_result_delivered_many_times_at_once_is_written_once(stores: tuple[Store, Store]) -> None:
    def complete(lease: Lease) -> None:
        done = at_once(stores, lambda number, store: store.complete(lease, [event()], PROGRESS))
        assert {result.version for result in done} == {2}
        assert len(stores[0].events(lease.job)) == 2

    for job in running(stores[0], 5):
        complete(claimed(stores[0], job))


def test_cancel_races_complete_and_finish(stores: tuple[Store, Store]) -> None:
    for job in running(stores[0], 10, webhook="https://example.org"):
        results = _cancel_and_complete(stores, claimed(stores[0], job))
        assert results["cancelled"] + results["finished"] == 1
        kinds = [stored.kind for stored in stores[0].trajectory(job.id)]
        completed = ["completed"] if results["completed"] + results["finished"] else []
        assert kinds == ["submitted", *completed, *["cancelled"] * results["cancelled"]]
        ended = stores[0].job(job.id)
        assert ended is not None
        assert ended.version == len(kinds)
        assert ended.status is (Status.CANCELLED if results["cancelled"] else Status.SOLVED)
    assert len(stores[0].due_hooks()) == 10


def _cancel_and_complete(stores: tuple[Store, Store], lease: Lease) -> Counter[str]:
    def race(number: int, store: Store) -> str:
        if number % 2:
            return "cancelled" if store.cancel(lease.job) else ""
        try:
            store.complete(lease, [event()], PROGRESS)
        except Stale:
            return ""
        return "finished" if store.finish(lease.job, Status.SOLVED) else "completed"

    return Counter(at_once(stores, race))


def test_an_expired_lease_and_the_next_one_write_one_result(stores: tuple[Store, Store]) -> None:
    for job in running(stores[0], 5):
        assert any(_late_and_next(stores, claimed(stores[0], job)))
        assert len(stores[0].events(job.id)) == 2


def _late_and_next(stores: tuple[Store, Store], late: Lease) -> list[bool]:
    (seen,) = stores[0].held()

    def race(number: int, store: Store) -> bool:
        lease: Lease | None = late
        if number % 2:
            store.expire(seen)
            lease = store.claim(late.job, late.step, str(number), cap=100)
        try:
            return lease is not None and store.complete(lease, [event()], PROGRESS).version == 2
        except Stale:
            return False

    return at_once(stores, race)


def test_submissions_at_once_keep_the_limit_and_the_key(open_at: Callable[..., Store]) -> None:
    stores = open_at(queue_limit=10), open_at(queue_limit=10)
    same = at_once(stores, lambda number, store: store.submit("a", [new()], key=Idempotency("a", "k", "f")))
    assert len({job.id for jobs in same for job in jobs}) == len(stores[0].jobs()) == 1

    def other(number: int, store: Store) -> str:
        try:
            store.submit("a", [new()], key=Idempotency("a", "l", str(number)))
        except Conflict:
            return "conflict"
        return "accepted"

    assert Counter(at_once(stores, other)) == {"accepted": 1, "conflict": THREADS - 1}

    def fill(number: int, store: Store) -> int:
        try:
            return len(store.submit("a", [new()] * 3))
        except QueueFull:
            return 0

    assert sum(at_once(stores, fill)) == 6
    assert len(stores[0].jobs()) == 8


def test_each_webhook_goes_to_one_sender(stores: tuple[Store, Store]) -> None:
    for job in running(stores[0], 40, webhook="https://example.org"):
        stores[0].finish(job.id, Status.SOLVED)
    taken = [hook.job for hook in chain(*at_once(stores, lambda number, store: store.due_hooks(limit=8)))]
    taken += [hook.job for hook in stores[0].due_hooks()]
    assert len(taken) == len(set(taken)) == 40


def racers(number: int, *arguments: str) -> Iterator[list[tuple[str, str]]]:
    """Run so many racers at once; what each has said."""
    command = [sys.executable, "-W", "error", str(RACER), *arguments]
    pipe = subprocess.PIPE
    processes = [subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) for _ in range(number)]
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        yield [tuple(json.loads(line)) for line in out.splitlines()]


def test_processes_share_a_queue(store: Store, store_url: str) -> None:
    for owner in ("a", "b", "c"):
        store.submit(owner, [new()] * 20)
    said = Counter(chain(*racers(3, store_url, "drain", "5")))
    jobs = store.jobs()
    assert {job.status for job in jobs} == {Status.SOLVED}
    assert {job.version for job in jobs} == {2}
    for what in ("released", "claimed", "completed", "finished"):
        assert {job: number for (word, job), number in said.items() if word == what} == {job.id: 1 for job in jobs}
    assert max(int(number) for word, number in said if word == "running") <= 5


def test_processes_may_open_a_new_file_at_once(sqlite_url: str) -> None:
    assert [said[0] for said in racers(6, sqlite_url, "drain", "1")] == [("open", "")] * 6
