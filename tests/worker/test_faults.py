"""What workers survive: killed, poisoned, told to end, without their broker, with a model server that fails."""

import asyncio
import os
import signal

import pytest
import redis

from selfdebug.service.dispatch import Dispatcher
from selfdebug.service.records import Status
from selfdebug.service.store import Store

from .fleet import Fleet, assert_whole, ended, new_job, submit, until
from .model import ModelServer

SLOW = "```python\nimport time\ntime.sleep(2)\ndef add(a, b):\n    return a {} b\n```\n"


@pytest.mark.parametrize("queue", ["generate", "execute"])
async def test_a_worker_killed_in_the_middle_of_its_step(
    queue: str, workers: Fleet, store: Store, dispatcher: Dispatcher, model: ModelServer
) -> None:
    for each in ("generate", "execute", "advance"):
        workers.start(each)
    held = asyncio.Event()

    async def before(prompt: str) -> None:
        if queue == "generate" and not held.is_set():
            await asyncio.Event().wait()

    model.before = before
    if queue == "execute":
        model.programs["slow"] = SLOW.format("+")
    step = {"generate": "g1", "execute": "x2"}[queue]
    jobs = await submit(store, dispatcher, *(new_job(f"number {n} slow") for n in range(5)))
    await until(lambda: step in {lease.step for lease in store.held()})
    held.set()
    workers.kill(queue)
    workers.start(queue)
    await ended(store, dispatcher, jobs)
    for job in jobs:
        found = store.job(job)
        assert found is not None
        assert found.status is Status.SOLVED, found.reason
        kinds = [event.kind for event in store.trajectory(job)]
        one = ["completed", "executed"]
        assert kinds == ["submitted", *(one if queue == "execute" else 2 * one), "graded"]


async def test_an_advance_worker_killed_again_and_again(
    workers: Fleet, store: Store, dispatcher: Dispatcher, model: ModelServer
) -> None:
    for each in ("generate", "execute", "advance"):
        workers.start(each)
    jobs = []
    for round_ in range(3):
        jobs += await submit(store, dispatcher, *(new_job(f"number {round_} {n}") for n in range(5)))
        workers.kill("advance")
        workers.start("advance")
    await ended(store, dispatcher, jobs)
    for job in jobs:
        assert_whole(store, job)


async def test_a_poisonous_job_fails_alone(
    workers: Fleet, store: Store, dispatcher: Dispatcher, model: ModelServer
) -> None:
    workers.start("execute")
    workers.start("advance")
    generate = workers.start("generate", SELFDEBUG_DELIVERIES="3", SELFDEBUG_LEASE_S="1")
    deaths = 0

    async def before(prompt: str) -> None:
        nonlocal deaths
        if "poison" in prompt:
            deaths += 1
            workers.kill(generate)
            workers.start("generate", SELFDEBUG_DELIVERIES="3")
            await asyncio.Event().wait()
        await asyncio.sleep(1.0)

    model.before = before
    jobs = await submit(store, dispatcher, *(new_job(word) for word in ("a", "b", "poison", "c", "d")))
    poisonous = jobs.pop(2)
    await ended(store, dispatcher, [*jobs, poisonous])
    assert deaths == 3
    for job in jobs:
        assert_whole(store, job)
    assert_whole(store, poisonous, status=Status.FAILED)
    found = store.job(poisonous)
    assert found is not None
    assert found.reason.startswith("step g1 was given out 3 times without a result: ")


@pytest.mark.parametrize("queue", ["generate", "execute"])
async def test_a_worker_told_to_end_hands_its_steps_back(
    queue: str, workers: Fleet, store: Store, dispatcher: Dispatcher, model: ModelServer
) -> None:
    for each in ("generate", "execute", "advance"):
        workers.start(each, SELFDEBUG_DELIVERIES="1")
    ending = asyncio.Event()

    async def before(prompt: str) -> None:
        if queue == "generate" and not ending.is_set():
            await asyncio.Event().wait()

    model.before = before
    model.programs["slow"] = SLOW.format("+") if queue == "execute" else "```python\ndef add(a, b):\n return a+b\n```"
    jobs = await submit(store, dispatcher, *(new_job(f"number {n} slow") for n in range(3)))
    step = {"generate": "g1", "execute": "x2"}[queue]
    await until(lambda: step in {lease.step for lease in store.held()})
    ending.set()
    assert await asyncio.to_thread(workers.stop, queue) == 0
    assert step not in {lease.step for lease in store.held()}  # freed at once, not by the sweep
    workers.start(queue, SELFDEBUG_DELIVERIES="1")
    for job in await ended(store, dispatcher, jobs):  # one delivery is all that each step may have
        assert job.status is Status.SOLVED, job.reason


async def test_redis_flushed(
    workers: Fleet, store: Store, dispatcher: Dispatcher, model: ModelServer, redis_url: str
) -> None:
    jobs = await submit(store, dispatcher, *(new_job(f"number {n}") for n in range(10)))
    workers.start("advance")
    await until(lambda: store.job(jobs[0]) is not None and len(store.idle()) == 10)  # released: messages wait
    with redis.Redis.from_url(redis_url) as client:
        await until(lambda: client.llen("generate") > 0)
        client.flushall()
        workers.start("generate", "execute")
        await until(lambda: model.now > 0 or sum(model.asked.values()) > 0)
        client.flushall()
    await ended(store, dispatcher, jobs)
    for job in jobs:
        assert_whole(store, job)


async def test_a_model_server_that_recovers(
    workers: Fleet, store: Store, dispatcher: Dispatcher, model: ModelServer
) -> None:
    workers.start("generate", "execute", "advance", SELFDEBUG_GENERATION_S="1")
    hangs = 2

    async def before(prompt: str) -> None:
        nonlocal hangs
        if hangs:
            hangs -= 1
            await asyncio.Event().wait()

    model.before = before
    (job,) = await submit(store, dispatcher, new_job())
    await ended(store, dispatcher, [job])
    assert_whole(store, job)
    assert all("no answer" not in str(event) for event in store.trajectory(job))  # the model is not told


async def test_a_model_server_that_answers_garbage(
    workers: Fleet, store: Store, dispatcher: Dispatcher, model: ModelServer
) -> None:
    workers.start("generate", "execute", "advance", SELFDEBUG_DELIVERIES="2", SELFDEBUG_GENERATION_S="1")
    model.broken = True
    (job,) = await submit(store, dispatcher, new_job())
    (found,) = await ended(store, dispatcher, [job])
    assert_whole(store, job, status=Status.FAILED)
    assert found.reason.startswith("the model failed 2 times, at last with: ")
    assert store.held() == []
    model.broken = False
    (job,) = await submit(store, dispatcher, new_job())
    await ended(store, dispatcher, [job])
    assert_whole(store, job)


async def test_a_stopped_worker_cannot_write_late(
    workers: Fleet, store: Store, dispatcher: Dispatcher, model: ModelServer
) -> None:
    """A worker that stands still loses its step; when it goes on, its result is not taken."""
    workers.start("execute", "advance")
    generate = workers.start("generate", name="sleeper")
    stopped = asyncio.Event()

    async def before(prompt: str) -> None:
        if not stopped.is_set():
            stopped.set()
            os.kill(workers.pid(generate), signal.SIGSTOP)

    model.before = before
    (job,) = await submit(store, dispatcher, new_job())
    await stopped.wait()
    workers.start("generate", name="other")
    await ended(store, dispatcher, [job])
    os.kill(workers.pid(generate), signal.SIGCONT)
    (later,) = await submit(store, dispatcher, new_job("later"))
    await ended(store, dispatcher, [later])
    assert_whole(store, job)
    assert_whole(store, later)


async def test_a_worker_that_has_grown_too_large_ends_and_hands_back(
    workers: Fleet, store: Store, dispatcher: Dispatcher, model: ModelServer
) -> None:
    held = asyncio.Event()

    async def before(prompt: str) -> None:
        if not held.is_set():
            await asyncio.Event().wait()

    model.before = before
    workers.start("execute", "advance")
    (job,) = await submit(store, dispatcher, new_job())
    workers.start("generate", name="large", SELFDEBUG_WORKER_MEMORY_BYTES=str(2**20), SELFDEBUG_DELIVERIES="1")
    assert await asyncio.to_thread(workers.wait, "large") == 0  # of itself
    assert store.held() == []
    held.set()
    workers.start("generate", SELFDEBUG_DELIVERIES="1", SELFDEBUG_WORKER_MEMORY_BYTES=str(2**40))
    await ended(store, dispatcher, [job])
    assert_whole(store, job)
