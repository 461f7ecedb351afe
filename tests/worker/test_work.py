"""Work on steps, where it is told to end."""

import asyncio
import threading

import pytest

from selfdebug.service.engines import Engines
from selfdebug.service.records import Lease
from selfdebug.service.settings import Settings
from selfdebug.service.steps import Step
from selfdebug.service.store import Store
from selfdebug.service.work import Work

from .fleet import new_job


async def test_a_step_that_was_being_claimed_when_the_time_was_up_is_handed_back(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    (job,) = store.submit("", [new_job()])
    store.release(running=1)
    asked, answered = threading.Event(), threading.Event()
    claim = store.claim

    def slowly(*args: str, cap: int) -> Lease | None:
        asked.set()
        assert answered.wait(30.0)
        return claim(*args, cap=cap)

    async def changed(job: str) -> None:
        pass

    monkeypatch.setattr(store, "claim", slowly)
    settings = Settings()
    engines = Engines(settings)
    work = Work(store, engines, settings, holder="h", changed=changed)
    step = await work.next(job.id)
    assert isinstance(step, Step)
    taking = asyncio.create_task(work.take(job.id, step.name))
    assert await asyncio.to_thread(asked.wait, 30.0)
    draining = asyncio.create_task(work.drain(0.0))
    await asyncio.sleep(0.1)
    answered.set()
    async with asyncio.timeout(30.0):
        assert await taking == step  # to be sent for again
        await draining
    assert store.held() == []
    monkeypatch.undo()
    lease = store.claim(job.id, step.name, "another", cap=1)
    assert lease is not None  # it was no failed delivery
    assert lease.deliveries == 1
    await work.close()
    await engines.close()
