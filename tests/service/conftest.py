"""Fixtures of the service's tests: real databases and a real Redis, one server a session, a clean one for each test."""

import io
import itertools
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

from selfdebug.service import logs
from selfdebug.service.settings import Settings
from selfdebug.service.store import Store, migrate, open_store

from .servers import PostgresServer, RedisServer

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server for the session. Tests that stop it start it again."""
    server = PostgresServer()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> str:
    """The name of a database with the newest schema and nothing in it."""
    postgres_server.execute("CREATE DATABASE template_of_tests")
    migrate(postgres_server.url("template_of_tests"))
    return "template_of_tests"


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, postgres_template: str) -> Iterator[str]:
    """A database of its own, with the newest schema."""
    name = f"test_{next(_numbers)}"
    postgres_server.execute(f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
    yield postgres_server.url(name)
    postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A file that is not there yet."""
    return f"sqlite:///{tmp_path / 'selfdebug.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """A database for one test, of each kind."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture
def open_at(store_url: str) -> Iterator[Callable[..., Store]]:
    """Open the test's database, as often as one likes, with settings by name."""
    opened: list[Store] = []

    def open_it(**settings: object) -> Store:
        opened.append(open_store(Settings.model_validate({"database_url": store_url} | settings)))
        return opened[-1]

    yield open_it
    for store in opened:
        store.close()


@pytest.fixture
def store(open_at: Callable[..., Store]) -> Store:
    """An empty store, of each kind."""
    return open_at()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A Redis server for the session. Tests that stop it start it again."""
    server = RedisServer()
    yield server
    server.remove()


@pytest.fixture
def redis_url(redis_server: RedisServer) -> Iterator[str]:
    """An empty Redis."""
    redis_server.flush()
    yield redis_server.url
    redis_server.flush()


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """This process's log, written as a service writes it."""
    root = logging.getLogger()
    names = (
        "uvicorn",
        "uvicorn.error",
        "uvicorn.access",
        "celery",
        "alembic",
        "httpx",
        "httpcore",
        "sqlalchemy",
        "asyncio",
    )
    levels = {name: logging.getLogger(name).level for name in names}
    kept, level = root.handlers[:], root.level
    written = io.StringIO()
    logs.configure(stream=written)
    configured = root.handlers[:]
    yield written
    root.handlers[:] = [handler for handler in root.handlers if handler not in configured] or kept
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    structlog.reset_defaults()
