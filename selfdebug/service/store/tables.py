"""The tables. The migrations build the same; a test keeps the two alike.

`jobs` and `events` are the record; `steps` is who works on what; the rest is keys, what was promised to clients, and
what has to be told to them.
"""

import re
from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    TypeDecorator,
    false,
)

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def storable(text: str) -> str:
    """The text without what no database can hold: NUL and lone surrogates are replaced."""
    return _UNSTORABLE.sub("\ufffd", text)


class Words(TypeDecorator[str]):
    """Text in byte order, made storable in queries as in rows."""

    impl = Text().with_variant(Text(collation="C"), "postgresql")
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable(value)


class Moment(TypeDecorator[datetime]):
    """An aware time, in UTC; SQLite keeps none of its own."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)


def _text(name: str) -> Column[str]:
    return Column(name, Words, nullable=False)


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _job(*, primary_key: bool = False) -> Column[str]:
    return Column("job", Words, ForeignKey("jobs.id"), nullable=False, primary_key=primary_key)


jobs = Table(
    "jobs",
    metadata,
    Column("id", Words, primary_key=True),
    _text("owner"),
    _text("problem"),
    _text("model"),
    _text("status"),
    _text("reason"),
    _text("webhook"),
    Column("created_at", Moment, nullable=False),
    Column("started_at", Moment),
    Column("finished_at", Moment),
    _number("version"),
    _number("revision"),
    _number("turns"),
    _number("prompt_tokens"),
    _number("completion_tokens"),
    _number("executions"),
    _number("best"),
    _number("tests_passed"),
    _number("tests_total"),
    Index(None, "owner", "id"),
    Index(None, "status", "id"),
    Index(None, "status", "owner", "id"),
    Index(None, "problem", "id"),
)

events = Table(
    "events",
    metadata,
    _job(),
    _number("seq"),
    Column("event", Text, nullable=False),
    Column("at", Moment, nullable=False),
    PrimaryKeyConstraint("job", "seq"),
)

steps = Table(
    "steps",
    metadata,
    _job(),
    _text("step"),
    _number("fence"),
    _number("deliveries"),
    _number("beat"),
    Column("holder", Words),  # NULL: nobody
    Column("done", Boolean, nullable=False, server_default=false()),
    _text("error"),
    PrimaryKeyConstraint("job", "step"),
)
Index(
    "ix_steps_held", steps.c.job, sqlite_where=steps.c.holder.is_not(None), postgresql_where=steps.c.holder.is_not(None)
)

keys = Table(
    "keys",
    metadata,
    Column("id", Words, primary_key=True),
    _text("name"),
    Column("digest", Words, nullable=False, unique=True),
    _text("scopes"),
    _number("rate_per_minute"),
    _number("concurrent_jobs"),
    Column("created_at", Moment, nullable=False),
    Column("revoked_at", Moment),
)

promises = Table(
    "promises",  # what was answered to an idempotency key
    metadata,
    _text("owner"),
    _text("key"),
    _text("fingerprint"),
    Column("jobs", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    PrimaryKeyConstraint("owner", "key"),
    Index(None, "created_at"),
)

hooks = Table(
    "hooks",  # webhooks that are not yet delivered or given up
    metadata,
    _job(primary_key=True),
    _text("url"),
    _number("attempts"),
    Column("due_at", Moment, nullable=False),
    _text("error"),
    Index(None, "due_at"),
)
