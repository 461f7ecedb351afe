"""The store: jobs, events, steps and keys in a SQL database, and the only code that knows of it.

Synchronous and safe to use from many threads and processes at once; asynchronous code calls it in a thread. What a
method has returned is on disk. It knows nothing of queues, workers or HTTP.
"""

from pathlib import Path

from sqlalchemy import func, select

from selfdebug.errors import InputError
from selfdebug.service.settings import Settings
from selfdebug.service.store.engine import Database
from selfdebug.service.store.errors import Conflict, OtherSchema, QueueFull, Stale, StoreUnavailable
from selfdebug.service.store.hooks import Hooks
from selfdebug.service.store.ids import Ids
from selfdebug.service.store.jobs import Counts, Idempotency, Jobs
from selfdebug.service.store.keys import Keys
from selfdebug.service.store.queue import Queue
from selfdebug.service.store.schema import check, migrate, upgrade
from selfdebug.service.store.steps import Steps
from selfdebug.service.store.tables import jobs

__all__ = [
    "Conflict",
    "Counts",
    "Idempotency",
    "OtherSchema",
    "QueueFull",
    "Stale",
    "Store",
    "StoreUnavailable",
    "migrate",
    "open_store",
]


class Store(Jobs, Queue, Steps, Keys, Hooks):
    """All that the service keeps. Every method may raise `StoreUnavailable`. Not to be used across a fork.

    Args:
        queue_limit: The most jobs that wait or run.

    Raises:
        StoreUnavailable: The database cannot be reached, or its schema is not of this version.
    """

    def __init__(self, database: Database, *, queue_limit: int) -> None:
        self._database = database
        self._queue_limit = queue_limit
        self.ready()
        with database.read() as connection:
            self._ids = Ids(above=connection.scalar(select(func.max(jobs.c.id))) or "")

    def ready(self) -> None:
        """Raise `StoreUnavailable` unless the database answers, and `OtherSchema` unless it is of this version."""
        with self._database.read() as connection:
            check(connection)

    def close(self) -> None:
        self._database.close()


def open_store(settings: Settings) -> Store:
    """Open the store that the settings name. A SQLite file is made, and brought to the newest schema, as needed.

    Raises:
        InputError: The URL is wrong, or the file's folder cannot be made.
        StoreUnavailable: The database cannot be reached; or it is a PostgreSQL whose schema is not of this version.
    """
    database = Database(settings.database)
    try:
        if database.embedded:
            _make_folder(Path(str(database.url.database)).parent)
            upgrade(database)
        return Store(database, queue_limit=settings.queue_limit)
    except BaseException:
        database.close()
        raise


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        problem = f"cannot be made: {error.strerror}; set SELFDEBUG_STATE to a folder that can be written"
        raise InputError(str(folder), "", problem) from None
