"""Between rows and records."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from selfdebug.events import Event
from selfdebug.service.records import Job, Progress, Status
from selfdebug.service.store.tables import events, hooks, jobs, steps
from selfdebug.trajectory import to_json

_LOCKED = select(jobs).where(jobs.c.id == bindparam("of")).with_for_update(key_share=True)
_APPEND = insert(events)
_PROGRESS = [field.name for field in fields(Progress)]


def now() -> datetime:
    return datetime.now(UTC)


def to_job(row: Row[Any]) -> Job:
    values = dict(row._mapping)
    progress = Progress(**{name: values.pop(name) for name in _PROGRESS})
    return Job(**values | {"status": Status(values["status"]), "progress": progress})


def to_row(job: Job) -> dict[str, Any]:
    values = asdict(job)
    progress: dict[str, Any] = values.pop("progress")
    return values | progress


def lock_job(connection: Connection, job: str) -> Job | None:
    """The job as it is, and as it stays until the transaction ends."""
    row = connection.execute(_LOCKED, {"of": job}).one_or_none()
    return to_job(row) if row else None


def change(connection: Connection, job: Job, **values: object) -> Job:
    """Change a locked job's row; its revision rises."""
    statement = update(jobs).where(jobs.c.id == job.id).values(revision=jobs.c.revision + 1, **values)
    return to_job(connection.execute(statement.returning(*jobs.c)).one())


def append(connection: Connection, new: Sequence[tuple[str, int, Event]]) -> None:
    """Add events: of which job, at which sequence number."""
    at = now()
    rows = [{"job": job, "seq": seq, "event": to_json(event), "at": at} for job, seq, event in new]
    connection.execute(_APPEND, rows)


def end(connection: Connection, job: Job, status: Status, reason: str, **values: object) -> Job:
    """Give a locked job its terminal state: nobody works on it any more, and whoever wanted to know is to be told."""
    at = now()
    ended = change(connection, job, status=status, reason=reason, finished_at=at, **values)
    connection.execute(update(steps).where(steps.c.job == job.id, steps.c.holder.is_not(None)).values(holder=None))
    tell(connection, ended)
    return ended


def tell(connection: Connection, ended: Job) -> None:
    """Have whoever wanted to know told that a job has ended."""
    if ended.webhook:
        values = {"job": ended.id, "url": ended.webhook, "attempts": 0, "due_at": ended.finished_at, "error": ""}
        connection.execute(insert(hooks).values(**values))
