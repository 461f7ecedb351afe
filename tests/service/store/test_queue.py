"""Release: never more than may run, oldest first within an owner, and owners in fair turns."""

from selfdebug.service.records import Job, Scope, Status
from selfdebug.service.store import Store

from .made import claimed, new


def ids(jobs: list[Job] | tuple[Job, ...]) -> list[str]:
    return [job.id for job in jobs]


def test_jobs_run_in_the_order_of_their_acceptance(store: Store) -> None:
    jobs = store.submit("a", [new(str(number)) for number in range(5)])
    assert ids(store.release(running=2)) == ids(jobs[:2])
    assert store.release(running=2) == []
    store.finish(jobs[0].id, Status.SOLVED)
    (third,) = store.release(running=2)
    assert third.id == jobs[2].id
    assert (third.status, third.revision) == (Status.RUNNING, 1)
    assert third.started_at is not None
    assert store.job(third.id) == third


def test_a_large_batch_does_not_delay_anothers_single_job(store: Store) -> None:
    for _ in range(4):
        store.submit("many", [new()] * 250)
    store.release(running=10)
    (single,) = store.submit("one", [new()])
    store.finish(store.jobs(status=[Status.RUNNING])[0].id, Status.SOLVED)
    assert ids(store.release(running=10)) == [single.id]


def test_owners_share_what_is_free(store: Store) -> None:
    batches = {owner: store.submit(owner, [new()] * 20) for owner in ("", "b", "c")}
    released = store.release(running=9)
    assert sorted(job.owner for job in released) == [""] * 3 + ["b"] * 3 + ["c"] * 3
    assert ids(released[:3]) == [batch[0].id for batch in batches.values()]
    store.submit("d", [new()] * 20)
    assert [job.owner for job in store.release(running=12)] == ["d"] * 3


def test_a_key_has_no_more_running_than_it_may(store: Store) -> None:
    key, _ = store.create_key("k", [Scope.SUBMIT], 0, 2)
    mine = store.submit(key.id, [new()] * 5)
    others = store.submit("other", [new()] * 5)
    released = store.release(running=6)
    assert [job for job in ids(released) if job in ids(mine)] == ids(mine[:2])
    assert len([job for job in ids(released) if job in ids(others)]) == 4
    store.finish(mine[0].id, Status.SOLVED)
    assert {mine[2].id, others[4].id} == set(ids(store.release(running=100)))


def test_idle_jobs_are_those_that_nobody_works_on(store: Store) -> None:
    jobs = store.submit("a", [new()] * 4)
    store.release(running=3)
    claimed(store, jobs[0])
    assert ids(store.idle()) == ids(jobs[1:3])
    assert ids(store.idle(limit=1)) == ids(jobs[1:2])
