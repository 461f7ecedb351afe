"""Fixtures of the workers' tests: a fleet over each kind of store, and the server's side of it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from selfdebug.service.dispatch import Dispatcher, open_dispatcher
from selfdebug.service.settings import Settings
from selfdebug.service.store import Store

from ..service.conftest import (  # noqa: F401  fixtures
    open_at,
    postgres_server,
    postgres_template,
    postgres_url,
    redis_server,
    redis_url,
    sqlite_url,
    store,
    store_url,
)
from .fleet import QUICK, Fleet, fleet
from .model import ModelServer


@pytest.fixture
async def model() -> AsyncIterator[ModelServer]:
    async with ModelServer.running() as server:
        yield server


@pytest.fixture
def workers(store: Store, store_url: str, redis_url: str, model: ModelServer, tmp_path: Path) -> Iterator[Fleet]:  # noqa: F811
    """A fleet without workers yet, over a migrated store."""
    environment = {
        "SELFDEBUG_DATABASE_URL": store_url,
        "SELFDEBUG_REDIS_URL": redis_url,
        "SELFDEBUG_STATE": str(tmp_path),
        "OPENAI_BASE_URL": model.address,
    }
    with fleet(tmp_path / "workers.log", **environment) as made:
        yield made


@pytest.fixture
def settings(store_url: str, redis_url: str) -> Settings:  # noqa: F811
    quick = {name.removeprefix("SELFDEBUG_").lower(): value for name, value in QUICK.items()}
    return Settings.model_validate({**quick, "database_url": store_url, "redis_url": redis_url})


@pytest.fixture
async def dispatcher(store: Store, settings: Settings) -> AsyncIterator[Dispatcher]:  # noqa: F811
    async with open_dispatcher(store, settings) as opened:
        yield opened
