"""Migrations: from nothing to what the code expects, on both databases; and what is refused."""

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from selfdebug.errors import InputError
from selfdebug.service.settings import Settings
from selfdebug.service.store import Store, StoreUnavailable, migrate, open_store
from selfdebug.service.store.engine import Database
from selfdebug.service.store.tables import metadata

from ..servers import PostgresServer
from .made import new


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without a schema, of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    server: PostgresServer = request.getfixturevalue("postgres_server")
    server.execute("DROP DATABASE IF EXISTS empty WITH (FORCE)")
    server.execute("CREATE DATABASE empty")
    return server.url("empty")


both = pytest.mark.parametrize("empty_url", ["sqlite", "postgresql"], indirect=True)


@both
def test_migrations_build_what_the_code_expects(empty_url: str) -> None:
    migrate(empty_url)
    migrate(empty_url)
    database = Database(empty_url)
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    with database.write() as connection:
        connection.execute(text("DROP INDEX ix_jobs_status_owner_id"))
        connection.execute(text("ALTER TABLE keys DROP COLUMN concurrent_jobs"))
    with database.read() as connection:
        assert len(compare_metadata(MigrationContext.configure(connection), metadata)) == 2
    database.close()


@both
def test_many_may_migrate_at_once(empty_url: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(migrate, [empty_url] * 8))
    store = open_store(Settings(database_url=empty_url))
    store.submit("a", [new()])
    store.close()


@both
def test_a_database_of_a_newer_version_is_refused(empty_url: str) -> None:
    migrate(empty_url)
    database = Database(empty_url)
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(StoreUnavailable, match="newer version"):
        migrate(empty_url)
    with pytest.raises(StoreUnavailable):
        open_store(Settings(database_url=empty_url))


@pytest.mark.parametrize("empty_url", ["postgresql"], indirect=True)
def test_a_postgresql_without_the_schema_is_refused(empty_url: str) -> None:
    with pytest.raises(StoreUnavailable, match=r"selfdebug\.service\.store"):
        open_store(Settings(database_url=empty_url))


@both
def test_the_command_that_the_message_names(empty_url: str) -> None:
    command = [sys.executable, "-W", "error", "-m", "selfdebug.service.store"]
    for _ in range(2):
        environment = os.environ | {"SELFDEBUG_DATABASE_URL": empty_url}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    open_store(Settings(database_url=empty_url)).close()
    environment = os.environ | {"SELFDEBUG_DATABASE_URL": "nonsense"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: SELFDEBUG_DATABASE_URL: is not a database URL")


def test_a_store_that_loses_its_schema_is_not_ready(open_at: Callable[..., Store], store_url: str) -> None:
    store = open_at()
    store.ready()
    database = Database(store_url)
    with database.write() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
    database.close()
    with pytest.raises(StoreUnavailable, match=r"selfdebug\.service\.store"):
        store.ready()


@pytest.mark.parametrize(
    "url", ["nonsense", "mysql://u:secret@h/d", "sqlite://", "sqlite:///:memory:", "postgresql+asyncpg://u:secret@h/d"]
)
def test_a_url_of_no_use_is_named_without_its_password(url: str) -> None:
    with pytest.raises(InputError, match="SELFDEBUG_DATABASE_URL") as caught:
        open_store(Settings(database_url=url))
    assert "secret" not in str(caught.value)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="SELFDEBUG_STATE"):
        open_store(Settings(state=tmp_path / "file" / "state"))


def test_the_embedded_store_makes_its_folder_for_its_user_alone(tmp_path: Path) -> None:
    state = tmp_path / "a" / "b"
    open_store(Settings(state=state)).close()
    assert (state / "selfdebug.db").exists()
    assert state.stat().st_mode & 0o077 == 0
