"""Steps: one holder at a time, the highest fence alone writes, a result is written once."""

import pytest

from selfdebug.service.records import End, Held, Lease, Progress, Status
from selfdebug.service.store import Stale, Store

from .made import PROGRESS, claimed, event, new, running


def test_a_step_is_claimed_done_and_never_given_out_again(store: Store) -> None:
    (job,) = running(store)
    lease = claimed(store, job)
    assert lease == Lease(job.id, "g1", 1, 1)
    assert store.claim(job.id, "g1", "another", cap=5) is None
    done = store.complete(lease, [event()], PROGRESS)
    assert (done.version, done.progress, done.revision) == (2, PROGRESS, job.revision + 1)
    assert store.job(job.id) == done
    assert store.claim(job.id, "g1", "another", cap=5) is None
    assert store.held() == []
    assert store.trajectory(job.id)[1:] == (event(),)


def test_completing_twice_changes_nothing_the_second_time(store: Store) -> None:
    (job,) = running(store)
    lease = claimed(store, job)
    done = store.complete(lease, [event()], PROGRESS)
    assert store.complete(lease, [event(at_s=9)], Progress()) == done
    assert store.trajectory(job.id)[1:] == (event(),)
    ended = store.finish(job.id, Status.SOLVED)
    assert store.complete(lease, [event(at_s=9)], Progress()) == ended


def test_a_last_result_ends_the_job_with_it(store: Store) -> None:
    (job,) = running(store)
    lease = claimed(store, job)
    done = store.complete(lease, [event()], PROGRESS, end=End(Status.UNSOLVED, "no \0 luck"))
    assert (done.status, done.reason, done.version, done.progress) == (Status.UNSOLVED, "no \ufffd luck", 2, PROGRESS)
    assert done.finished_at is not None
    assert (done.revision, done.started_at) == (job.revision + 1, job.started_at)
    assert store.job(job.id) == done
    assert store.held() == []
    assert store.complete(lease, [event(at_s=9)], Progress(), end=End(Status.SOLVED)) == done
    assert store.finish(job.id, Status.SOLVED) is None
    assert store.trajectory(job.id)[1:] == (event(),)


@pytest.mark.parametrize("how", ["taken", "cancelled", "unknown"])
def test_a_last_result_that_may_not_be_written_ends_nothing(store: Store, how: str) -> None:
    (job,) = running(store)
    lease = claimed(store, job)
    if how == "taken":
        store.expire(store.held()[0])
        claimed(store, job)
    elif how == "cancelled":
        store.cancel(job.id)
    else:
        lease = Lease(job.id, "x9", 1, 1)
    before = store.job(job.id), store.events(job.id), store.held()
    with pytest.raises(Stale):
        store.complete(lease, [event()], PROGRESS, end=End(Status.SOLVED))
    assert (store.job(job.id), store.events(job.id), store.held()) == before


def test_a_queued_job_has_no_steps_to_claim(store: Store) -> None:
    (job,) = store.submit("a", [new()])
    assert store.claim(job.id, "g1", "h", cap=5) is None


def test_a_late_writer_is_refused(store: Store) -> None:
    (job,) = running(store)
    late = claimed(store, job)
    assert store.expire(store.held()[0])
    newer = claimed(store, job)
    assert (newer.fence, newer.deliveries) == (2, 2)
    assert not store.beat(late)
    with pytest.raises(Stale, match="another"):
        store.complete(late, [event(at_s=1)], PROGRESS)
    store.give_up(late, "late")
    store.hand_back(late)
    assert store.beat(newer)
    store.complete(newer, [event(at_s=2)], PROGRESS)
    with pytest.raises(Stale):
        store.complete(late, [event(at_s=1)], PROGRESS)
    assert store.trajectory(job.id)[1:] == (event(at_s=2),)


def test_a_result_that_comes_after_the_lease_was_taken_counts_while_nobody_else_has_it(store: Store) -> None:
    (job,) = running(store)
    lease = claimed(store, job)
    store.expire(store.held()[0])
    assert store.complete(lease, [event()], PROGRESS).version == 2


def test_a_lease_that_beats_is_not_taken_away(store: Store) -> None:
    (job,) = running(store)
    lease = claimed(store, job, holder="worker 1")
    (seen,) = store.held()
    assert seen == Held(job.id, "g1", 1, 0, "worker 1")
    assert store.beat(lease)
    assert not store.expire(seen)
    assert store.beat(lease)
    assert store.expire(store.held()[0])
    assert not store.expire(seen)
    assert not store.beat(lease)


def test_beating_for_many(store: Store) -> None:
    jobs = running(store, 4)
    leases = [claimed(store, job) for job in jobs]
    store.cancel(jobs[0].id)
    store.complete(leases[1], [event()], PROGRESS)
    store.expire(next(held for held in store.held() if held.job == jobs[2].id))
    newer = claimed(store, jobs[2])
    assert store.beat_all([*leases, newer]) == {leases[3], newer}
    assert store.beat_all([]) == set()


def test_work_that_is_handed_back_does_not_count(store: Store) -> None:
    (job,) = running(store)
    for _ in range(3):
        lease = claimed(store, job, cap=1)
        assert lease.deliveries == 1
        store.hand_back(lease)
    store.hand_back(lease)
    assert claimed(store, job, cap=1).deliveries == 1


def test_a_step_that_kills_its_workers_fails_its_job_alone(store: Store) -> None:
    poisonous, healthy = running(store, 2)
    for _ in range(3):
        claimed(store, poisonous, cap=3)
        assert store.expire(store.held()[0])
    assert store.claim(poisonous.id, "g1", "h", cap=3) is None
    failed = store.job(poisonous.id)
    assert failed is not None
    assert failed.status is Status.FAILED
    assert failed.reason == "step g1 was given out 3 times without a result: its worker was lost or went silent"
    assert claimed(store, healthy)


def test_the_last_error_is_told_when_a_job_is_given_up(store: Store) -> None:
    (job,) = running(store)
    for error in ("the first", "the model server \0 \ud800"):
        store.give_up(claimed(store, job, cap=2), error)
    assert store.claim(job.id, "g1", "h", cap=2) is None
    failed = store.job(job.id)
    assert failed is not None
    assert failed.reason.endswith("the last error: the model server \ufffd \ufffd")


def test_counts_beyond_all_measure_are_cut(store: Store) -> None:
    (job,) = running(store)
    done = store.complete(claimed(store, job), [event()], Progress(prompt_tokens=10**30, completion_tokens=-5))
    assert done.progress == Progress(prompt_tokens=2**53 - 1)
