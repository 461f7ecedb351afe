"""The runner in the server's own process, over real stores and sandboxes and recorded real completions."""

import asyncio
import random
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from sandbox.types import AssertSuite, Limits
from sandbox.types import Status as Verdict
from selfdebug.events import Submitted
from selfdebug.service.dispatch import Dispatcher, open_dispatcher
from selfdebug.service.records import Job, NewJob, Status
from selfdebug.service.settings import Settings
from selfdebug.service.store import Store, StoreUnavailable
from selfdebug.trajectory import fold, read

ROOT = Path(__file__).parents[2]
RECORDING = ROOT / "tests" / "recordings" / "demo.jsonl"
RECORDED = read(RECORDING)
FIRST = next(event for event in RECORDED if isinstance(event, Submitted))
KINDS = [event.kind for event in RECORDED]
PATIENCE_S = 120.0


@asynccontextmanager
async def serving(store: Store, **settings: object) -> AsyncIterator[Dispatcher]:
    quick: dict[str, object] = {"beat_s": 0.2, "sweep_s": 0.3, "lease_s": 2.0}
    async with open_dispatcher(store, Settings.model_validate(quick | settings)) as dispatcher:
        yield dispatcher


def new_job(model: str = f"replay:{RECORDING}") -> NewJob:
    return NewJob(FIRST.problem, replace(FIRST.options, model=model))


async def submit(store: Store, dispatcher: Dispatcher, *jobs: NewJob) -> list[str]:
    accepted = await asyncio.to_thread(store.submit, "", jobs)
    await dispatcher.wake([job.id for job in accepted])
    return [job.id for job in accepted]


async def ended(store: Store, dispatcher: Dispatcher, job: str) -> Job:
    async with asyncio.timeout(PATIENCE_S):
        with dispatcher.watch(job) as watch:
            while not (found := await asyncio.to_thread(store.job, job)) or not found.status.terminal:
                await watch.wait(PATIENCE_S)
        return found


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await asyncio.to_thread(true):  # noqa: ASYNC110  it happens in another process
            await asyncio.sleep(0.02)


def assert_as_recorded(store: Store, job: str) -> None:
    found, events = store.job(job), store.trajectory(job)
    assert found is not None
    assert found.status is Status.SOLVED, found.reason
    assert [event.kind for event in events] == KINDS
    assert [event.seq for event in store.events(job)] == list(range(len(KINDS)))
    programs = [turn.candidate.program for turn in fold(events).turns]
    assert programs == [turn.candidate.program for turn in fold(RECORDED).turns]


async def test_many_jobs_at_once(store: Store) -> None:
    async with serving(store, running_jobs=4) as dispatcher:
        jobs = await submit(store, dispatcher, *[new_job()] * 6)
        for job in jobs:
            assert (await ended(store, dispatcher, job)).progress.turns == 9
            assert_as_recorded(store, job)
        assert store.held() == []


async def test_a_stop_hands_back_and_the_next_start_goes_on(store: Store) -> None:
    async with serving(store) as dispatcher:
        (job,) = await submit(store, dispatcher, new_job())
        await until(lambda: len(store.events(job)) > 4)
    assert store.held() == []
    found = store.job(job)
    assert found is not None
    assert found.status is Status.RUNNING
    async with serving(store, deliveries=1) as dispatcher:  # the delivery before the stop did not count
        await ended(store, dispatcher, job)
    assert_as_recorded(store, job)


SERVER = """
    import asyncio, sys
    from selfdebug.service.dispatch import open_dispatcher
    from selfdebug.service.settings import Settings
    from selfdebug.service.store import open_store

    async def main():
        settings = Settings(database_url=sys.argv[1], lease_s=1000)
        async with open_dispatcher(open_store(settings), settings):
            print("serving", flush=True)
            await asyncio.Event().wait()

    asyncio.run(main())
"""


def start_server(store_url: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-c", textwrap.dedent(SERVER), store_url]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)


def written(store: Store, jobs: list[str]) -> int:
    return sum(len(store.events(job)) for job in jobs)


def at_work_and_beyond(store: Store, jobs: list[str], events: int) -> bool:
    return written(store, jobs) > events and bool(store.held())


async def test_a_killed_server_leaves_nothing_that_the_next_does_not_take_over(store: Store, store_url: str) -> None:
    jobs = [job.id for job in store.submit("", [new_job()] * 5)]
    for _ in range(2):
        enough = written(store, jobs) + 10
        server = start_server(store_url)
        await until(partial(at_work_and_beyond, store, jobs, enough))
        server.send_signal(signal.SIGKILL)
        server.wait(PATIENCE_S)
    async with serving(store, lease_s=1000) as dispatcher:  # leases of the dead are taken over at once
        for job in jobs:
            await ended(store, dispatcher, job)
            assert_as_recorded(store, job)


async def test_cancelling_stops_at_once(store: Store) -> None:
    endless = AssertSuite(("assert f() == 1",), setup="while True: pass")
    limits = Limits(wall_s=1000, cpu_s=1000)
    async with serving(store, boxes=1, beat_s=1000, lease_s=2000) as dispatcher:
        problem = replace(FIRST.problem, visible=endless)
        recorded = replace(new_job().options, limits=limits)
        (job,) = await submit(store, dispatcher, NewJob(problem, recorded))
        await until(lambda: [held.step for held in store.held()] == ["x2"])
        await asyncio.to_thread(store.cancel, job)
        await dispatcher.cancelled(job)
        assert (await ended(store, dispatcher, job)).status is Status.CANCELLED
        execution = await dispatcher.execute("", AssertSuite(("assert True",)), Limits())  # the only box is free
        assert execution.passed
        assert fold(store.trajectory(job)).outcome is not None


async def test_a_model_that_there_is_not_fails_its_job_with_the_reason(store: Store, tmp_path: Path) -> None:
    async with serving(store, deliveries=2) as dispatcher:
        lost, good = await submit(store, dispatcher, new_job(f"replay:{tmp_path / 'none.jsonl'}"), new_job())
        found = await ended(store, dispatcher, lost)
        assert (found.status, found.version) == (Status.FAILED, 1)
        assert "none.jsonl: cannot be read" in found.reason
        await ended(store, dispatcher, good)
    assert_as_recorded(store, good)


async def test_a_model_that_fails_is_asked_again_up_to_the_cap(store: Store, tmp_path: Path) -> None:
    short = tmp_path / "short.jsonl"
    short.write_bytes(b"".join(RECORDING.read_bytes().splitlines(keepends=True)[:2]))
    async with serving(store, deliveries=2) as dispatcher:
        (job,) = await submit(store, dispatcher, new_job(f"replay:{short}"))
        found = await ended(store, dispatcher, job)
    assert found.status is Status.FAILED
    assert found.reason == "the model failed 2 times, at last with: all 1 recorded completions have been given"
    assert [event.kind for event in store.trajectory(job)] == KINDS[:3]
    assert store.held() == []


async def test_the_seconds_of_the_budget_end_a_job(store: Store) -> None:
    endless = AssertSuite(("assert f() == 1",), setup="while True: pass")
    options = replace(
        new_job().options,
        budget=replace(FIRST.options.budget, seconds=1.0),
        limits=Limits(wall_s=1000, cpu_s=1000),
    )
    async with serving(store) as dispatcher:
        (job,) = await submit(store, dispatcher, NewJob(replace(FIRST.problem, visible=endless), options))
        found = await ended(store, dispatcher, job)
    assert found.status is Status.UNSOLVED
    assert found.reason == "the best candidate was not run; the budget is used up (seconds: 1)"
    assert store.trajectory(job)[-1].kind == "timed_out"
    assert store.trajectory(job)[-1].at_s >= 1.0


async def test_a_store_that_goes_away_loses_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A third of the calls of the store fail, as while a database is started again."""
    chance = random.Random(7)  # not every third call: a sweep has as many, and the same one would fail each time

    def shaky(real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **kwargs: object) -> object:
            if chance.random() < 1 / 3:
                raise StoreUnavailable("away")
            return real(*args, **kwargs)

        return call

    jobs = [job.id for job in store.submit("", [new_job()] * 3)]
    with monkeypatch.context() as patch:
        for name in ("claim", "complete", "beat_all", "release", "finish", "held", "events", "idle"):
            patch.setattr(store, name, shaky(getattr(store, name)))
        async with serving(store) as dispatcher:
            for job in jobs:
                await ended(store, dispatcher, job)
    for job in jobs:
        assert_as_recorded(store, job)


async def test_programs_run_without_a_job(store: Store) -> None:
    async with serving(store) as dispatcher:
        suite = AssertSuite(("assert f() == 1", "assert f() == 2"))
        execution = await dispatcher.execute("def f(): return 1", suite, Limits())
        assert [test.status for test in execution.tests] == [Verdict.PASSED, Verdict.FAILED]
