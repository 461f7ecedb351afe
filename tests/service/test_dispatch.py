"""Wake-ups between server and workers: watchers, news through a real Redis, and a Redis that is not there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import redis

from sandbox.jobs import Job as Run
from sandbox.types import AssertSuite, Execution, Limits
from sandbox.types import Status as Verdict
from selfdebug.options import Options
from selfdebug.problem import Problem
from selfdebug.service import runs
from selfdebug.service.broker import Broker
from selfdebug.service.celery_dispatch import CeleryDispatcher
from selfdebug.service.dispatch import Dispatcher, WorkersUnavailable, open_dispatcher
from selfdebug.service.embedded import EmbeddedDispatcher
from selfdebug.service.news import CANCELLED, CHANGED, News
from selfdebug.service.records import NewJob
from selfdebug.service.settings import Settings
from selfdebug.service.store import Store
from selfdebug.service.watches import Watches

from .servers import RedisServer, free_port

PATIENCE_S = 60.0


@asynccontextmanager
async def served_by(store: Store, redis_url: str) -> AsyncIterator[Dispatcher]:
    async with open_dispatcher(store, Settings(redis_url=redis_url, sweep_s=0.2)) as dispatcher:
        yield dispatcher


def queued(redis_url: str, queue: str) -> int:
    with redis.Redis.from_url(redis_url) as client:
        return int(client.llen(queue))


async def until_queued(redis_url: str, queue: str, count: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while await asyncio.to_thread(queued, redis_url, queue) < count:  # noqa: ASYNC110  it happens in Redis
            await asyncio.sleep(0.02)


async def test_the_settings_choose(store: Store, redis_url: str) -> None:
    async with open_dispatcher(store, Settings(redis_url="")) as dispatcher:
        assert isinstance(dispatcher, EmbeddedDispatcher)
    async with served_by(store, redis_url) as dispatcher:
        assert isinstance(dispatcher, CeleryDispatcher)


async def test_a_watch_hears_what_came_before_it_waits() -> None:
    watches = Watches()
    with watches.watch("a") as watch, watches.watch("b") as other:
        watches.tell("a")
        async with asyncio.timeout(PATIENCE_S):
            await watch.wait(1000.0)
        waiting = asyncio.create_task(watch.wait(1000.0))
        await asyncio.sleep(0)
        watches.tell("b")
        await other.wait(1000.0)
        assert not waiting.done()
        watches.tell_all()
        async with asyncio.timeout(PATIENCE_S):
            await waiting
        await other.wait(0.001)  # told of all too, or after the time
    watches.tell("a")  # nobody watches any more


async def test_news_reach_the_watchers_of_other_processes(store: Store, redis_url: str) -> None:
    async with served_by(store, redis_url) as one, served_by(store, redis_url) as other, asyncio.timeout(PATIENCE_S):
        heard = asyncio.Event()

        async def hear() -> None:
            with other.watch("job") as watch:
                heard.set()
                await watch.wait(1000.0)

        listening = asyncio.create_task(hear())
        await heard.wait()
        await one.cancelled("job")
        await listening


async def test_news_go_on_after_redis_was_away(redis_server: RedisServer) -> None:
    seen: asyncio.Queue[str] = asyncio.Queue()
    lost = asyncio.Event()
    listening = News.open(redis_server.url, CANCELLED, seen.put_nowait, lost=lost.set)
    async with listening as news, asyncio.timeout(PATIENCE_S):
        await lost.wait()
        redis_server.stop()
        lost.clear()
        news.tell(CHANGED, "lost")
        await lost.wait()  # whoever watches is told to look for itself
        redis_server.start()
        while seen.empty():
            news.tell(CHANGED, "of no interest")
            news.tell(CANCELLED, "job")
            await asyncio.sleep(0.1)
        assert await seen.get() == "job"


async def test_many_wake_ups_are_few_messages(store: Store, redis_url: str) -> None:
    async with served_by(store, redis_url) as dispatcher:
        for number in range(1000):
            await dispatcher.wake([str(number)])
        await until_queued(redis_url, "advance", 1)
        assert queued(redis_url, "advance") < 100


async def test_the_server_sweeps(store: Store, redis_url: str) -> None:
    store.submit("", [NewJob(Problem(str(number), "s"), Options()) for number in range(3)])
    async with served_by(store, redis_url):
        await until_queued(redis_url, "advance", 3)


async def test_without_redis_nothing_raises_and_the_missing_is_named(store: Store) -> None:
    async with served_by(store, f"redis://127.0.0.1:{free_port()}/0") as dispatcher:
        await dispatcher.wake(["job"])
        await dispatcher.cancelled("job")
        with pytest.raises(WorkersUnavailable, match="Redis cannot be reached"):
            await dispatcher.checks()["redis"]()
        await dispatcher.checks()["execute-worker"]()  # says nothing: it is Redis that is missing
        with pytest.raises(WorkersUnavailable, match="Redis cannot be reached"):
            await dispatcher.execute("", AssertSuite(()), Limits())
        with dispatcher.watch("job") as watch:
            async with asyncio.timeout(PATIENCE_S):
                await watch.wait(1000.0)  # looks again before long


async def test_without_workers_they_are_named(store: Store, redis_url: str) -> None:
    async with served_by(store, redis_url) as dispatcher:
        checks = dict(dispatcher.checks())
        await checks.pop("redis")()
        assert set(checks) == {"advance-worker", "generate-worker", "execute-worker"}
        for name, check in checks.items():
            with pytest.raises(WorkersUnavailable, match=f"-Q {name.removesuffix('-worker')}$"):
                await check()


async def test_a_run_whose_client_has_gone_is_forgotten(store: Store, redis_url: str) -> None:
    async with served_by(store, redis_url) as dispatcher:
        running = asyncio.create_task(dispatcher.execute("pass", AssertSuite(()), Limits()))
        await until_queued(redis_url, "execute", 1)
        running.cancel()
        await asyncio.wait({running})
    with redis.Redis.from_url(redis_url) as client:
        assert client.keys("selfdebug:run:*") == []


def test_messages_hold_ids_only(redis_url: str) -> None:
    broker = Broker.at(redis_url)
    broker.advance("job-1")
    with redis.Redis.from_url(redis_url) as client:
        (message,) = client.lrange("advance", 0, -1)
    assert b'"task": "selfdebug.advance"' in message
    assert b'"content-type": "application/json"' in message


@pytest.mark.parametrize("outcome", [Execution(Verdict.PASSED, stdout="\ud800"), "the box died"])
def test_runs_cross_as_text(outcome: Execution | str) -> None:
    text = runs.answer(outcome)
    assert text.isascii()
    assert runs.outcome(text) == outcome
    run = Run("x = '\ud800'", AssertSuite(("assert x",)), Limits())
    assert runs.parse_request(runs.request(run)) == run
