"""Webhooks from the end of a job to the receiver, through the store: with both databases."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from sandbox.types import AssertSuite
from selfdebug.options import Options
from selfdebug.problem import Problem
from selfdebug.service import deliveries, metrics
from selfdebug.service.deliveries import delivering
from selfdebug.service.records import Job, NewJob
from selfdebug.service.settings import Settings
from selfdebug.service.store import Store, open_store
from selfdebug.service.store.tables import hooks

from .receiver import OK, Answer, Receiver, receiving
from .servers import PostgresServer

PROBLEM = Problem("add", "Add.", "add", visible=AssertSuite(("assert add(1, 2) == 3",), entry_point="add"))
FAILED = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(deliveries, "_LOOK_EVERY_S", 0.05)
    return Settings(state=tmp_path / "state", webhooks_to_private_addresses=True)


@asynccontextmanager
async def ended_job(store: Store, answer: bytes | Answer = OK) -> AsyncIterator[tuple[Job, Receiver]]:
    """A job that has just been cancelled, and the receiver that wants to know."""
    async with receiving(answer) as receiver:
        url = f"http://127.0.0.1:{receiver.port}/hook"
        [job] = store.submit("", [NewJob(PROBLEM, Options(model="m"), webhook=url)])
        cancelled = store.cancel(job.id)
        assert cancelled
        yield cancelled, receiver


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110  what is waited for is in a database
            await asyncio.sleep(0.02)


def left(store: Store) -> list[str]:
    """What is still to be delivered, whenever that is."""
    with store._database.read() as connection:
        return list(connection.scalars(select(hooks.c.job)))


async def test_the_end_of_a_job_is_told_once(store: Store, settings: Settings) -> None:
    async with ended_job(store) as (job, receiver):
        async with delivering(store, settings):
            await until(lambda: bool(receiver.requests))
            await until(lambda: not left(store))
            await asyncio.sleep(0.2)
        [(_, _, body)] = receiver.requests
    assert json.loads(body)["data"]["id"] == job.id
    assert json.loads(body)["data"]["status"] == "cancelled"


async def test_what_failed_is_kept_for_later(store: Store, settings: Settings) -> None:
    async with ended_job(store, FAILED) as (job, receiver):
        async with delivering(store, settings):
            await until(lambda: bool(receiver.requests))
            await asyncio.sleep(0.3)
        assert len(receiver.requests) == 1  # the next attempt is seconds away
    assert left(store) == [job.id]


async def test_a_failed_one_is_delivered_by_the_next_server(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "retry_in", lambda attempts: 0.0)
    async with receiving(FAILED) as broken:
        url = f"http://127.0.0.1:{broken.port}/hook"
        [job] = store.submit("", [NewJob(PROBLEM, Options(model="m"), webhook=url)])
        store.cancel(job.id)
        async with delivering(store, settings):
            await until(lambda: len(broken.requests) >= 3)
    async with receiving(port=broken.port) as mended, delivering(store, settings):
        await until(lambda: bool(mended.requests))
        await until(lambda: not left(store))
    ids = {headers["webhook-id"] for _, headers, _ in (*broken.requests, *mended.requests)}
    assert ids == {f"msg_{job.id}"}


async def test_what_is_under_way_when_a_server_stops_is_for_the_next_one_at_once(
    store: Store, settings: Settings
) -> None:
    stopped = asyncio.Event()

    async def silent(_: asyncio.StreamWriter) -> None:
        await stopped.wait()

    async with ended_job(store, silent) as (job, receiver):
        async with delivering(store, settings):
            await until(lambda: bool(receiver.requests))
        stopped.set()
        [again] = store.due_hooks()
    assert again.job == job.id


async def test_a_refused_address_is_given_up(store: Store, settings: Settings) -> None:
    strict = settings.model_copy(update={"webhooks_to_private_addresses": False})
    async with ended_job(store) as (_, receiver), delivering(store, strict):
        await until(lambda: not left(store))
    assert receiver.requests == []


async def test_many_at_once_all_arrive(store: Store, settings: Settings) -> None:
    async with receiving() as receiver:
        url = f"http://127.0.0.1:{receiver.port}/hook"
        jobs = store.submit("", [NewJob(PROBLEM, Options(model="m"), webhook=url)] * 150)
        for job in jobs:
            store.cancel(job.id)
        async with delivering(store, settings), delivering(store, settings):
            await until(lambda: len(receiver.requests) >= 150)
            await until(lambda: not left(store))
    told = [json.loads(body)["data"]["id"] for _, _, body in receiver.requests]
    assert sorted(told) == sorted(job.id for job in jobs)


def test_a_job_without_a_webhook_tells_nobody(store: Store) -> None:
    [job] = store.submit("", [NewJob(PROBLEM, Options(model="m"))])
    store.cancel(job.id)
    assert left(store) == []


async def test_a_store_that_goes_away_and_comes_back_loses_nothing(
    postgres_server: PostgresServer, postgres_url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "_AFTER_FAILURE_S", 0.05)
    opened = open_store(settings.model_copy(update={"database_url": postgres_url}))
    before = metrics.errors.labels("webhook")._value.get()
    async with ended_job(opened) as (job, receiver):
        postgres_server.stop()
        try:
            async with delivering(opened, settings):
                try:
                    await until(lambda: metrics.errors.labels("webhook")._value.get() > before)
                finally:
                    postgres_server.start()
                await until(lambda: bool(receiver.requests))
                await until(lambda: not left(opened))
        finally:
            opened.close()
    assert [headers["webhook-id"] for _, headers, _ in receiver.requests] == [f"msg_{job.id}"]
