"""Jobs and their events: accepted, read, ended."""

import hashlib
import heapq
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from sqlalchemy import Connection, Integer, Select, bindparam, delete, func, insert, select

from selfdebug.events import Cancelled, Event, Submitted
from selfdebug.service.records import Job, NewJob, Progress, Status, StoredEvent
from selfdebug.service.store.engine import Database
from selfdebug.service.store.errors import Conflict, QueueFull
from selfdebug.service.store.ids import Ids
from selfdebug.service.store.rows import append, end, lock_job, now, to_job, to_row
from selfdebug.service.store.tables import events, jobs, promises, storable
from selfdebug.trajectory import from_json

OPEN = (Status.QUEUED, Status.RUNNING)
PROMISE_KEPT = timedelta(hours=24)
_SUBMITTING = 1
_MOST = 2**31 - 1
_NAME_CHARS = 200
# Made once: to make a statement takes longer than to execute it.
_JOB = select(jobs).where(jobs.c.id == bindparam("of"))
_EVENTS = (
    select(events)
    .where(events.c.job == bindparam("of"), events.c.seq > bindparam("behind"))
    .order_by(events.c.seq)
    .limit(bindparam("most", type_=Integer))
)
_OPEN_JOBS = select(func.count()).where(jobs.c.status.in_(OPEN))
_ACCEPT = insert(jobs)


@dataclass(frozen=True)
class Idempotency:
    """A client's name for one submission.

    Attributes:
        fingerprint: Equal for equal bodies, and only for these.
    """

    owner: str
    key: str
    fingerprint: str

    @property
    def digest(self) -> str:
        """What the key is kept as, whatever its length and letters."""
        return hashlib.sha256(self.key.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Counts:
    """How many jobs there are.

    Attributes:
        by_owner: Of each owner that has jobs, those that wait or run, too.
        oldest_queued_s: How long the job that has waited longest has waited; 0 if none waits.
    """

    by_status: Mapping[Status, int]
    by_owner: Mapping[str, Mapping[Status, int]]
    oldest_queued_s: float


class Jobs:
    """The part of the store that holds jobs and events."""

    _database: Database
    _ids: Ids
    _queue_limit: int

    def submit(self, owner: str, new: Sequence[NewJob], *, key: Idempotency | None = None) -> tuple[Job, ...]:
        """Accept jobs, all or none. They are queued, on disk, when this returns.

        With a key that came before with the same fingerprint, the jobs of then are returned, and nothing is added.

        Raises:
            QueueFull: There is no room for all of them.
            Conflict: The key came before with another fingerprint.
            StoreUnavailable: As for all that follow.
        """
        with self._database.write() as connection:
            self._database.alone(connection, _SUBMITTING)
            earlier = _kept(connection, key) if key else None
            if earlier is not None:
                return earlier
            waiting = connection.scalar(_OPEN_JOBS) or 0
            if waiting + len(new) > self._queue_limit:
                raise QueueFull(waiting, self._queue_limit)
            accepted = tuple(self._accept(owner, each) for each in new)
            if accepted:
                connection.execute(_ACCEPT, [to_row(job) for job in accepted])
                firsts = (Submitted(each.problem, each.options) for each in new)
                append(connection, [(job.id, 0, event) for job, event in zip(accepted, firsts, strict=True)])
            if key:
                _promise(connection, key, accepted)
            return accepted

    def job(self, job: str) -> Job | None:
        with self._database.read() as connection:
            row = connection.execute(_JOB, {"of": job}).one_or_none()
        return to_job(row) if row else None

    def jobs(
        self,
        *,
        owner: str | None = None,
        status: Iterable[Status] = (),
        problem: str = "",
        before: str | None = None,
        limit: int = 100,
    ) -> list[Job]:
        """Jobs, newest first.

        Args:
            owner: Of this owner; None for everybody's.
            status: In one of these; empty for any.
            problem: With a problem of this name; empty for any.
            before: Older than the job of this id.
        """
        query = select(jobs).order_by(jobs.c.id.desc()).limit(limit)
        if owner is not None:
            query = query.where(jobs.c.owner == owner)
        if problem:
            query = query.where(jobs.c.problem == _name(problem))
        if before is not None:
            query = query.where(jobs.c.id < before)
        # One query a status, each along an index, however few jobs have the status.
        queries: list[Select[tuple[object, ...]]] = [query.where(jobs.c.status == each) for each in set(status)]
        with self._database.read() as connection:
            found = [map(to_job, connection.execute(each).all()) for each in queries or [query]]
        return list(islice(heapq.merge(*found, key=lambda job: job.id, reverse=True), limit))

    def events(self, job: str, after: int = -1, limit: int = 1000) -> list[StoredEvent]:
        """The events after the one with sequence number `after`, in order."""
        which = {"of": job, "behind": max(-1, min(after, _MOST)), "most": limit}
        with self._database.read() as connection:
            rows = connection.execute(_EVENTS, which).all()
        return [StoredEvent(**row._mapping) for row in rows]

    def trajectory(self, job: str) -> tuple[Event, ...]:
        """All events of a job; none for a job that there is not."""
        query = select(events.c.event).where(events.c.job == job).order_by(events.c.seq)
        with self._database.read() as connection:
            lines = connection.scalars(query).all()
        return tuple(map(from_json, lines))

    def finish(self, job: str, status: Status, reason: str = "") -> Job | None:
        """Give a job its terminal state. None, and no change, where it has one, or there is no such job."""
        if not status.terminal:
            raise ValueError(f"{status} is no end of a job")
        with self._database.write() as connection:
            found = lock_job(connection, job)
            if found is None or found.status.terminal:
                return None
            return end(connection, found, status, reason)

    def cancel(self, job: str, reason: str = "cancelled by request") -> Job | None:
        """End a job, with `Cancelled` as its last event. None, and no change, where it has ended, or is not there."""
        with self._database.write() as connection:
            found = lock_job(connection, job)
            if found is None or found.status.terminal:
                return None
            append(connection, [(found.id, found.version, Cancelled(at_s=_last_at_s(connection, found)))])
            return end(connection, found, Status.CANCELLED, reason, version=found.version + 1)

    def counts(self) -> Counts:
        """How many jobs there are, in which state and whose, and for how long the oldest has waited."""
        each = select(jobs.c.owner, jobs.c.status, func.count()).group_by(jobs.c.status, jobs.c.owner)
        oldest = select(jobs.c.created_at).where(jobs.c.status == Status.QUEUED).order_by(jobs.c.id).limit(1)
        with self._database.read() as connection:
            rows = connection.execute(each).all()
            queued_at = connection.scalar(oldest)
        by_status = dict.fromkeys(Status, 0)
        by_owner: dict[str, dict[Status, int]] = {}
        for owner, status, number in rows:
            by_status[Status(status)] += number
            by_owner.setdefault(owner, dict.fromkeys(Status, 0))[Status(status)] = number
        waited = (now() - queued_at).total_seconds() if queued_at else 0.0
        return Counts(by_status, by_owner, max(waited, 0.0))

    def _accept(self, owner: str, new: NewJob) -> Job:
        return Job(
            id=self._ids.new(),
            owner=owner,
            problem=_name(new.problem.id),
            model=storable(new.options.model),
            status=Status.QUEUED,
            reason="",
            webhook=storable(new.webhook),
            created_at=now(),
            started_at=None,
            finished_at=None,
            version=1,
            revision=0,
            progress=Progress(),
        )


def _name(problem: str) -> str:
    """As much of a problem's name as an index takes; the whole is in the job's first event."""
    return storable(problem[:_NAME_CHARS])


def _kept(connection: Connection, key: Idempotency) -> tuple[Job, ...] | None:
    """The jobs that the key stands for; None if it is new, or so old that it is forgotten."""
    connection.execute(delete(promises).where(promises.c.created_at < now() - PROMISE_KEPT))
    mine = select(promises).where(promises.c.owner == key.owner, promises.c.key == key.digest)
    promise = connection.execute(mine).one_or_none()
    if promise is None:
        return None
    if promise.fingerprint != key.fingerprint:
        raise Conflict(key.key)
    ids = json.loads(promise.jobs)
    found = {row.id: to_job(row) for row in connection.execute(select(jobs).where(jobs.c.id.in_(ids)))}
    return tuple(found[each] for each in ids)


def _promise(connection: Connection, key: Idempotency, accepted: Sequence[Job]) -> None:
    values = {
        "owner": key.owner,
        "key": key.digest,
        "fingerprint": key.fingerprint,
        "jobs": json.dumps([job.id for job in accepted]),
        "created_at": now(),
    }
    connection.execute(insert(promises).values(**values))


def _last_at_s(connection: Connection, job: Job) -> float:
    last = select(events.c.event).where(events.c.job == job.id, events.c.seq == job.version - 1)
    return float(json.loads(connection.scalars(last).one())["at_s"])
