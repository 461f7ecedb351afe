"""The schema's versions: bringing a database to the newest, and telling whether it is there."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from selfdebug.service.store.engine import Database
from selfdebug.service.store.errors import OtherSchema, StoreUnavailable

_MIGRATING = 0


def migrate(url: str) -> None:
    """Bring a database's schema to the newest version, all or nothing. Two at once are harmless.

    Raises:
        InputError: The URL is wrong.
        StoreUnavailable: The database cannot be reached, or a newer selfdebug has written it.
    """
    database = Database(url)
    try:
        upgrade(database)
    finally:
        database.close()


def upgrade(database: Database) -> None:
    """`migrate` for an open database."""
    with database.write() as connection:
        database.alone(connection, _MIGRATING)
        if not database.embedded:
            connection.execute(text("SET LOCAL statement_timeout = 0"))
        if _version(connection) not in _known():
            raise StoreUnavailable("the database was written by a newer version of selfdebug; use that one")
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def check(connection: Connection) -> None:
    """Raise `OtherSchema` unless the schema is of the newest version."""
    if _version(connection) != _script().get_current_head():
        how = "`python -m selfdebug.service.store` brings it there"
        raise OtherSchema(f"the database's schema is not of this version of selfdebug; {how}")


def _version(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _known() -> set[str | None]:
    return {None, *(revision.revision for revision in _script().walk_revisions())}


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    return config


@cache
def _script() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())
