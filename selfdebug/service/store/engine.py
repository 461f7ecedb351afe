"""The way to the database: its connections and transactions, and its failures in one shape.

SQLite: one file, write-ahead log, every commit on disk before it is acknowledged; a writer takes the file's only write
lock when its transaction begins, so that no transaction fails half-way for another's sake.
PostgreSQL: read committed, rows locked as they are read for writing; a connection that hangs is given up.
"""

import math
import select
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from sqlalchemy import URL, Connection, Engine, create_engine, event, func, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, InterfaceError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from selfdebug.errors import InputError
from selfdebug.service.store.errors import StoreUnavailable

if TYPE_CHECKING:
    import psycopg

_SOURCE = "SELFDEBUG_DATABASE_URL"
_WAIT_S = 20  # for a lock or a connection
_FRESH_S = 1.0  # a connection that was used so lately is not asked whether it lives
_POSTGRESQL = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
    # A process that stops in mid-transaction must not keep its locks.
    "options": f"-c statement_timeout={_WAIT_S * 1000} -c idle_in_transaction_session_timeout={_WAIT_S * 1000}",
}


def parse(url: str) -> URL:
    """Read a database URL.

    Raises:
        InputError: It is not one, or not of SQLite (a file) or PostgreSQL.
    """
    expected = "expected sqlite:////path/to/file or postgresql://user:password@host/database"
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise InputError(_SOURCE, "", f"is not a database URL; {expected}") from None
    if parsed.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername in ("sqlite", "sqlite+pysqlite") and parsed.database not in (None, "", ":memory:"):
        return parsed
    raise InputError(_SOURCE, "", f"{parsed.render_as_string()!r} is of a kind that cannot be used; {expected}")


class Database:
    """Transactions on one database. Safe to use from many threads; not across a fork."""

    def __init__(self, url: str) -> None:
        self.url = parse(url)
        self.embedded = self.url.get_backend_name() == "sqlite"
        self.engine = _sqlite(self.url) if self.embedded else _postgresql(self.url)
        self._writer = self.engine.execution_options(immediate=True)
        # With PostgreSQL a single statement needs none of the two more that make a transaction.
        self._once = self._writer if self.embedded else self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._reader = self.engine if self.embedded else self._once
        # SQLite's own waiting is by sleeping, and unfair: threads of this process wait in line instead.
        self._line = threading.Lock() if self.embedded else None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Reading alone; each statement sees what is committed when it begins.

        Raises:
            StoreUnavailable: The database cannot be had.
        """
        with _failures(), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is committed at the end, and durable then; undone when an exception leaves it.

        Raises:
            StoreUnavailable: The database cannot be had, or is full. What was written may, rarely, be there.
        """
        with _failures(), self._turn(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def write_once(self) -> Iterator[Connection]:
        """A transaction of one statement.

        Raises:
            StoreUnavailable: As `write` does.
        """
        with _failures(), self._turn(), self._once.begin() as connection:
            yield connection

    def alone(self, connection: Connection, what: int) -> None:
        """Keep other transactions that call this with the same number out until this one ends."""
        if not self.embedded:
            connection.execute(func.pg_advisory_xact_lock(_LOCKS, what).select())

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with self._line or nullcontext():
            yield


_LOCKS = 0x5E1FDEB  # sets the advisory locks of this program apart from others'


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise StoreUnavailable(f"the database cannot be used: {_first_line(error.orig)}") from error
    except PoolTimeout as error:
        raise StoreUnavailable("the database cannot be used: all connections are busy") from error
    except DatabaseError as error:
        if type(error) is not DatabaseError:
            raise
        raise StoreUnavailable(f"the database is damaged: {_first_line(error.orig)}") from error  # SQLite's only


def _first_line(error: BaseException | None) -> str:
    return (str(error).strip().splitlines() or ["no reason given"])[0]


def _postgresql(url: URL) -> Engine:
    engine = create_engine(
        url,
        pool_size=4,
        max_overflow=12,  # with the server's usual 100 connections there is room for several processes
        pool_timeout=_WAIT_S,
        connect_args={name: value for name, value in _POSTGRESQL.items() if name not in url.query},
        hide_parameters=True,
    )

    @event.listens_for(engine, "checkin")
    def rest(connection: object, entry: ConnectionPoolEntry) -> None:
        entry.info["rests_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def wake(connection: "psycopg.Connection", entry: ConnectionPoolEntry, _: object) -> None:
        """After a restart of the server old connections are found dead before they are used."""
        rests_since = entry.info.get("rests_since", math.inf)
        try:
            if time.monotonic() - rests_since > _FRESH_S or _has_something_to_say(connection):
                engine.dialect.do_ping(connection)  # type: ignore[arg-type]
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error

    return engine


def _has_something_to_say(connection: "psycopg.Connection") -> bool:
    """Whether there is anything to be read, as the end of a connection is. To ask that takes no time; a ping does."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _sqlite(url: URL) -> Engine:
    engine = create_engine(
        url, pool_size=8, max_overflow=24, pool_timeout=_WAIT_S, connect_args={"timeout": _WAIT_S}, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # transactions begin where `begin` says, not where Python guesses
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("immediate")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine
