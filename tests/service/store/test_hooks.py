"""Webhooks: there from the end of a job, given to one sender at a time, until delivered or given up."""

from datetime import UTC, datetime, timedelta

import pytest

from selfdebug.service.records import End, Hook, Status
from selfdebug.service.store import Store

from .made import PROGRESS, claimed, event, running

NO_TIME = timedelta(0)
URL = "https://example.org/hook"


@pytest.mark.parametrize("how", ["finish", "cancel", "result", "cap"])
def test_every_end_is_told(store: Store, how: str) -> None:
    (job,) = running(store, webhook=URL)
    assert store.due_hooks() == []
    if how == "finish":
        store.finish(job.id, Status.UNSOLVED)
        store.finish(job.id, Status.UNSOLVED)
    elif how == "cancel":
        store.cancel(job.id)
    elif how == "result":
        store.complete(claimed(store, job), [event()], PROGRESS, end=End(Status.UNSOLVED, "why"))
    else:
        store.give_up(claimed(store, job), "boom")
        store.claim(job.id, "g1", "h", cap=1)
    assert store.due_hooks() == [Hook(job.id, URL, 1)]
    assert store.due_hooks() == []


def test_jobs_without_a_webhook_have_none(store: Store) -> None:
    (job,) = running(store)
    store.finish(job.id, Status.SOLVED)
    assert store.due_hooks() == []


def test_one_whose_sender_died_comes_again(store: Store) -> None:
    (job,) = running(store, webhook=URL)
    store.finish(job.id, Status.SOLVED)
    (first,) = store.due_hooks(hold=NO_TIME)
    (second,) = store.due_hooks(hold=NO_TIME)
    assert (first.attempts, second.attempts) == (1, 2)
    store.hook_done(first)
    (third,) = store.due_hooks()
    store.hook_failed(second, "late", datetime.now(UTC))
    assert store.due_hooks() == []
    store.hook_done(third)
    assert store.due_hooks(hold=NO_TIME) == []


def test_a_failed_one_waits_for_its_next_time(store: Store) -> None:
    (job,) = running(store, webhook=URL)
    store.finish(job.id, Status.SOLVED)
    (hook,) = store.due_hooks()
    store.hook_failed(hook, "refused \0", datetime.now(UTC) + timedelta(hours=1))
    assert store.due_hooks() == []
    store.hook_failed(hook, "refused", datetime.now(UTC))
    (again,) = store.due_hooks()
    assert again.attempts == 2
    store.hook_failed(again, "refused", None)
    assert store.due_hooks() == []


def test_the_longest_due_come_first(store: Store) -> None:
    jobs = running(store, 3, webhook=URL)
    for job in reversed(jobs):
        store.finish(job.id, Status.SOLVED)
    assert [hook.job for hook in store.due_hooks(limit=2)] == [jobs[2].id, jobs[1].id]
    assert [hook.job for hook in store.due_hooks()] == [jobs[0].id]
