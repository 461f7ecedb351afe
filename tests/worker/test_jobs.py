"""Jobs through Celery workers: real processes, Redis, store and sandbox; a model server with written answers."""

import asyncio
import socket
import urllib.request

from sandbox.types import AssertSuite, Limits
from sandbox.types import Status as Verdict
from selfdebug.errors import SelfDebugError
from selfdebug.service.dispatch import Dispatcher
from selfdebug.service.records import Status
from selfdebug.service.store import Store

from .fleet import PATIENCE_S, Fleet, assert_whole, ended, new_job, submit, until
from .model import ModelServer


async def missing(dispatcher: Dispatcher) -> set[str]:
    """The parts that the server misses."""
    found = set()
    for name, check in dispatcher.checks().items():
        try:
            await check()
        except SelfDebugError:
            found.add(name)
    return found


async def test_a_job_goes_through_three_workers(
    workers: Fleet, store: Store, dispatcher: Dispatcher, model: ModelServer
) -> None:
    for queue in ("generate", "execute", "advance"):
        workers.start(queue)
    jobs = await submit(store, dispatcher, new_job())
    (job,) = await ended(store, dispatcher, jobs)
    assert_whole(store, job.id)
    assert (job.reason, job.progress.turns, job.progress.best, job.progress.tests_passed) == ("", 2, 2, 2)
    assert model.asked == {0: 1, 1: 1}
    assert await missing(dispatcher) == set()


async def test_jobs_share_batches(workers: Fleet, store: Store, dispatcher: Dispatcher, model: ModelServer) -> None:
    workers.start("generate", "execute", "advance")
    all_there = asyncio.Event()

    async def before(prompt: str) -> None:
        if model.now == 8:
            all_there.set()
        await all_there.wait()

    model.before = before
    jobs = await submit(store, dispatcher, *(new_job(f"number {n}") for n in range(8)))
    await ended(store, dispatcher, jobs)
    assert model.peak == 8
    for job in jobs:
        assert_whole(store, job)


async def test_cancelling_stops_a_generation(
    workers: Fleet, store: Store, dispatcher: Dispatcher, model: ModelServer
) -> None:
    workers.start("generate", "execute", "advance")

    async def before(prompt: str) -> None:
        await asyncio.Event().wait()

    model.before = before
    (job,) = await submit(store, dispatcher, new_job())
    await until(lambda: model.now == 1)
    assert store.cancel(job)  # as another process would: only the beat tells of it
    await until(lambda: model.hung_up == 1)
    assert_whole(store, job, status=Status.CANCELLED)
    await until(lambda: store.held() == [])


async def test_cancelling_stops_an_execution(
    workers: Fleet, store: Store, dispatcher: Dispatcher, model: ModelServer
) -> None:
    workers.start("generate", "execute", "advance", SELFDEBUG_BOXES="1")
    model.programs["endless"] = "```python\nimport time\ntime.sleep(1000)\n```\n"
    (endless,) = await submit(store, dispatcher, new_job("endless"))
    await until(lambda: [held.step for held in store.held()] == ["x2"])
    await asyncio.to_thread(store.cancel, endless)
    await dispatcher.cancelled(endless)
    (other,) = await submit(store, dispatcher, new_job())  # the only box is free again
    await ended(store, dispatcher, [other])
    assert_whole(store, other)
    assert_whole(store, endless, status=Status.CANCELLED)


async def test_a_program_runs_without_a_job(workers: Fleet, dispatcher: Dispatcher) -> None:
    workers.start("execute")
    suite = AssertSuite(("assert f() == 1", "assert f() == 2"))
    execution = await dispatcher.execute("def f():\n    return 1  # é", suite, Limits())
    assert [test.status for test in execution.tests] == [Verdict.PASSED, Verdict.FAILED]
    assert execution.isolation == "bubblewrap"


async def test_what_nobody_serves_is_named(workers: Fleet, dispatcher: Dispatcher) -> None:
    workers.start("execute")
    async with asyncio.timeout(PATIENCE_S):
        while await missing(dispatcher) != {"advance-worker", "generate-worker"}:  # noqa: ASYNC110  it is elsewhere
            await asyncio.sleep(0.05)


async def test_a_worker_shows_its_numbers(workers: Fleet, dispatcher: Dispatcher) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    workers.start("execute", SELFDEBUG_METRICS_PORT=str(port))
    await dispatcher.execute("def f(): return 1", AssertSuite(("assert f() == 1",)), Limits())

    def shown() -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            return str(answer.read(), "utf-8")

    text = await asyncio.to_thread(shown)
    assert 'selfdebug_executions_total{status="passed"} 1.0' in text
    assert 'selfdebug_sandbox_boxes{state="working"} 0.0' in text


async def test_a_worker_whose_port_is_taken_works_all_the_same(workers: Fleet, dispatcher: Dispatcher) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        workers.start("execute", SELFDEBUG_METRICS_PORT=str(taken.getsockname()[1]))
        await dispatcher.execute("def f(): return 1", AssertSuite(("assert f() == 1",)), Limits())
