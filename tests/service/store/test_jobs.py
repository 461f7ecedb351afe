"""Jobs and events: accepted whole or not at all, read back as they were, ended once."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from selfdebug.events import Cancelled, Submitted
from selfdebug.service.records import Progress, Status
from selfdebug.service.store import Conflict, Idempotency, QueueFull, Stale, Store
from selfdebug.service.store.engine import Database
from selfdebug.service.store.ids import Ids
from selfdebug.service.store.tables import promises

from .made import PROGRESS, claimed, event, new, running


def test_what_was_submitted_is_read_back(store: Store) -> None:
    (job,) = store.submit("owner", [new("p \ud800\0", webhook="https://example.org")])
    assert store.job(job.id) == job
    assert (job.owner, job.problem, job.model, job.webhook) == ("owner", "p \ufffd\ufffd", "m", "https://example.org")
    assert (job.status, job.version, job.progress) == (Status.QUEUED, 1, Progress())
    assert store.trajectory(job.id) == (Submitted(new("p \ud800\0").problem, new().options),)
    assert store.jobs(problem="p \ud800\0") == [job]


def test_names_may_be_of_any_length(store: Store) -> None:
    name = "".join(map(chr, range(0x4E00, 0x4E00 + 20_000)))  # more than an index takes, and cannot be compressed
    key = Idempotency("a", name, name)
    (job,) = store.submit("a", [new(name)], key=key)
    assert store.submit("a", [new(name)], key=key) == (job,)
    assert store.jobs(problem=name) == [job]
    assert job.problem == name[:200]
    first = store.trajectory(job.id)[0]
    assert isinstance(first, Submitted)
    assert first.problem.id == name


@pytest.mark.parametrize("job", ["", "nothing", "\0", "\ud800", "a" * 10_000])
def test_a_job_that_there_is_not(store: Store, job: str) -> None:
    assert store.job(job) is None
    assert store.trajectory(job) == ()
    assert store.events(job) == []
    assert store.cancel(job) is None
    assert store.finish(job, Status.FAILED) is None
    assert store.claim(job, "g1", "h", cap=1) is None
    assert store.jobs(before=job, owner=job, problem=job or "x") == []


def test_a_batch_that_does_not_fit_is_refused_whole(open_at: Callable[..., Store]) -> None:
    store = open_at(queue_limit=3)
    first, _ = store.submit("a", [new(), new()])
    with pytest.raises(QueueFull) as caught:
        store.submit("b", [new(), new()])
    assert (caught.value.waiting, caught.value.limit) == (2, 3)
    assert len(store.jobs()) == 2
    store.release(running=1)
    store.submit("b", [new()])
    with pytest.raises(QueueFull):
        store.submit("b", [new()])
    store.cancel(first.id)
    store.submit("b", [new()])


def test_the_same_key_and_body_give_the_same_jobs(store: Store) -> None:
    key = Idempotency("a", "once \0", "body")
    jobs = store.submit("a", [new("1"), new("2")], key=key)
    store.cancel(jobs[0].id)
    again = store.submit("a", [new("1"), new("2")], key=key)
    assert [job.id for job in again] == [job.id for job in jobs]
    assert again[0].status is Status.CANCELLED
    assert len(store.jobs()) == 2
    with pytest.raises(Conflict, match="another body"):
        store.submit("a", [new("3")], key=Idempotency("a", "once \0", "other body"))
    assert store.submit("b", [new("1")], key=Idempotency("b", "once \0", "other body"))[0].id not in {
        j.id for j in jobs
    }


def test_a_refused_submission_leaves_its_key_free(open_at: Callable[..., Store]) -> None:
    store = open_at(queue_limit=1)
    (blocker,) = store.submit("a", [new()])
    with pytest.raises(QueueFull):
        store.submit("a", [new("1")], key=Idempotency("a", "k", "1"))
    store.cancel(blocker.id)
    store.submit("a", [new("2")], key=Idempotency("a", "k", "2"))


def test_a_key_is_forgotten_after_a_day(store: Store, store_url: str) -> None:
    (young,) = store.submit("a", [new()], key=Idempotency("a", "young", "x"))
    (old,) = store.submit("a", [new()], key=Idempotency("a", "old", "x"))
    _make_older(store_url, "old", timedelta(hours=25))
    _make_older(store_url, "young", timedelta(hours=23))
    assert store.submit("a", [new()], key=Idempotency("a", "young", "x"))[0].id == young.id
    assert store.submit("a", [new()], key=Idempotency("a", "old", "y"))[0].id != old.id


def _make_older(url: str, key: str, age: timedelta) -> None:
    database = Database(url)
    mine = promises.c.key == Idempotency("a", key, "x").digest
    with database.write() as connection:
        (made,) = connection.scalars(select(promises.c.created_at).where(mine))
        connection.execute(update(promises).where(mine).values(created_at=made - age))
    database.close()


def test_lists_are_newest_first_and_page_without_gaps(store: Store) -> None:
    jobs = [job for each in range(7) for job in store.submit("ab"[each % 2], [new(str(each % 3))])]
    store.release(running=2)
    store.cancel(jobs[6].id)
    expected = list(filter(None, (store.job(job.id) for job in reversed(jobs))))
    assert store.jobs() == expected
    page, pages = store.jobs(limit=3), []
    while page:
        pages += page
        page = store.jobs(before=page[-1].id, limit=3)
    assert pages == expected
    assert store.jobs(owner="b", problem="1") == [job for job in expected if job.owner == "b" and job.problem == "1"]
    two = [Status.RUNNING, Status.CANCELLED]
    assert store.jobs(status=two, limit=2) == [job for job in expected if job.status in two][:2]
    assert store.jobs(status=two, before=jobs[6].id) == [job for job in expected[1:] if job.status in two]


def test_events_are_read_from_any_place(store: Store) -> None:
    (job,) = running(store)
    for number in range(1, 4):
        store.complete(claimed(store, job, f"g{number}"), [event(number)], PROGRESS)
    assert [stored.seq for stored in store.events(job.id)] == [0, 1, 2, 3]
    assert [stored.seq for stored in store.events(job.id, after=1, limit=1)] == [2]
    assert store.events(job.id, after=3) == store.events(job.id, after=10**30) == []
    assert len(store.events(job.id, after=-(10**30))) == 4
    assert store.trajectory(job.id)[1:] == (event(1), event(2), event(3))
    assert all(stored.event.isascii() for stored in store.events(job.id))


def test_a_job_ends_once(store: Store) -> None:
    (job,) = running(store)
    ended = store.finish(job.id, Status.SOLVED, "every test passes")
    assert ended is not None
    assert (ended.status, ended.reason, ended.version) == (Status.SOLVED, "every test passes", 1)
    assert ended.finished_at is not None
    assert ended.revision > job.revision
    assert store.finish(job.id, Status.FAILED) is None
    assert store.cancel(job.id) is None
    assert store.job(job.id) == ended
    with pytest.raises(ValueError, match="no end"):
        store.finish(job.id, Status.RUNNING)


def test_cancelling_is_the_last_event_at_once(store: Store) -> None:
    (job,) = running(store)
    store.complete(claimed(store, job), [event(at_s=2.5)], PROGRESS)
    lease = claimed(store, job, "x2")
    cancelled = store.cancel(job.id)
    assert cancelled is not None
    assert (cancelled.status, cancelled.version, cancelled.progress) == (Status.CANCELLED, 3, PROGRESS)
    assert store.trajectory(job.id)[-1] == Cancelled(at_s=2.5)
    assert not store.beat(lease)
    assert store.held() == []
    with pytest.raises(Stale, match="ended"):
        store.complete(lease, [event()], PROGRESS)
    assert len(store.events(job.id)) == 3


def test_a_queued_job_is_cancelled_and_never_released(store: Store) -> None:
    (job,) = store.submit("a", [new()])
    cancelled = store.cancel(job.id)
    assert cancelled is not None
    assert cancelled.started_at is None
    assert store.release(running=5) == []


def test_counts(store: Store) -> None:
    assert store.counts().oldest_queued_s == 0
    running(store, 2, "a")
    store.submit("b", [new()])
    counts = store.counts()
    assert {status: number for status, number in counts.by_status.items() if number} == {"running": 2, "queued": 1}
    assert counts.by_owner["a"][Status.RUNNING] == 2
    assert counts.by_owner["b"][Status.QUEUED] == 1
    assert counts.oldest_queued_s > 0


def test_ids_rise_even_where_the_clock_falls_back() -> None:
    future = "ff" + "0" * 30
    ids = Ids(above=future)
    made = [ids.new() for _ in range(100)]
    assert made == sorted(set(made))
    assert made[0] > future
    fresh = Ids()
    assert "0" < fresh.new() < fresh.new() < future


def test_a_store_that_is_opened_later_makes_later_ids(open_at: Callable[..., Store]) -> None:
    (first,) = open_at().submit("a", [new()])
    (second,) = open_at().submit("a", [new()])
    assert first.id < second.id
