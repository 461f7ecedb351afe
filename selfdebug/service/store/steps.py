"""Steps: who carries one out, and its result.

A step is claimed, kept by beating, and ends when its result is written. Every claim has a higher fence than the one
before, and only the highest fence may write: a worker that was thought dead can do no harm. No clock is read here; who
sees that a holder's beat stands still (by a clock of its own) may expire its lease.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from functools import cached_property
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Row,
    and_,
    bindparam,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from selfdebug.events import Event
from selfdebug.service.records import End, Held, Job, Lease, Progress, Status
from selfdebug.service.store.engine import Database
from selfdebug.service.store.errors import Stale
from selfdebug.service.store.rows import append, lock_job, now, tell, to_job
from selfdebug.service.store.rows import end as finish
from selfdebug.service.store.tables import Words, jobs, steps

_MOST = 2**53 - 1


class Steps:
    """The part of the store that holds steps and leases."""

    _database: Database

    @cached_property
    def _first_claim(self) -> ReturningInsert[int]:
        """One statement that takes a step of a running job, if it was never taken before."""
        first = (bindparam("name", type_=Words), 1, 1, 0, bindparam("by", type_=Words), "")
        values = [each if isinstance(each, BindParameter) else literal(each) for each in first]
        running = jobs.c.id == bindparam("of"), jobs.c.status == Status.RUNNING
        found = select(jobs.c.id, *values).where(*running).with_for_update(key_share=True)
        names = ["job", "step", "fence", "deliveries", "beat", "holder", "error"]
        if self._database.embedded:
            return sqlite.insert(steps).from_select(names, found).on_conflict_do_nothing().returning(steps.c.fence)
        return postgresql.insert(steps).from_select(names, found).on_conflict_do_nothing().returning(steps.c.fence)

    def claim(self, job: str, step: str, holder: str, *, cap: int) -> Lease | None:
        """Take a step of a running job. None: the job does not run, or the step is done or held by another.

        Args:
            holder: Who takes it, for the eyes of the sweep and of the operator.
            cap: The most deliveries; a step that was delivered so often without a result fails its job.
        """
        with self._database.write_once() as connection:  # nearly all claims are a step's first
            if connection.scalar(self._first_claim, {"of": job, "name": step, "by": holder}):
                return Lease(job, step, 1, 1)
        with self._database.write() as connection:
            found = lock_job(connection, job)
            if found is None or found.status is not Status.RUNNING:
                return None
            row = _locked(connection, job, step)
            if row is None or row.done or row.holder is not None:
                return None
            if row.deliveries >= cap:
                finish(connection, found, Status.FAILED, _undeliverable(row))
                return None
            lease = Lease(job, step, row.fence + 1, row.deliveries + 1, row.error)
            values = {"fence": lease.fence, "deliveries": lease.deliveries, "holder": holder, "error": ""}
            connection.execute(update(steps).where(_is(job, step)).values(**values))
            return lease

    def beat(self, lease: Lease) -> bool:
        """Say that the step is being worked on. False: stop; the lease is lost, or the job has ended."""
        return bool(self.beat_all([lease]))

    def beat_all(self, leases: Iterable[Lease]) -> set[Lease]:
        """`beat` for many leases at once; those that still hold."""
        by_fence = {(lease.job, lease.step, lease.fence): lease for lease in leases}
        if not by_fence:
            return set()
        columns = (steps.c.job, steps.c.step, steps.c.fence)
        mine = and_(tuple_(*columns).in_(list(by_fence)), steps.c.holder.is_not(None))
        with self._database.write() as connection:
            statement = update(steps).where(mine).values(beat=steps.c.beat + 1).returning(*columns)
            return {by_fence[job, step, fence] for job, step, fence in connection.execute(statement)}

    def complete(self, lease: Lease, events: Sequence[Event], progress: Progress, *, end: End | None = None) -> Job:
        """Write a step's result: the events are appended, the step is done. Once; a second time changes nothing.

        Args:
            end: The job's terminal state, where this was its last step.

        Raises:
            Stale: Another has claimed the step since, or the job has ended. Nothing is written.
        """
        values: dict[str, object] = {f"new_{name}": value for name, value in _columns(progress).items()}
        values["events"] = len(events)
        if end:
            values |= {"new_status": end.status, "new_reason": end.reason, "now": now()}
        try:
            with self._database.write() as connection:
                # The job is locked first, as always; then nobody else can claim the step.
                row = connection.execute(_ENDED if end else _MOVED, {"of": lease.job, **values}).one_or_none()
                mine = {"of": lease.job, "name": lease.step, "held": lease.fence}
                if row is None or connection.execute(_DONE, mine).rowcount != 1:
                    raise _Refused
                job = to_job(row)
                first = job.version - len(events)
                append(connection, [(job.id, seq, event) for seq, event in enumerate(events, first)])
                if end:
                    tell(connection, job)
                return job
        except _Refused:
            return self._completed(lease)

    def _completed(self, lease: Lease) -> Job:
        """The job, if the step was done under this very lease.

        Raises:
            Stale: It was not.
        """
        with self._database.write() as connection:
            job = lock_job(connection, lease.job)
            row = _locked(connection, lease.job, lease.step)
        if job is None or row is None or row.fence != lease.fence:
            raise Stale(f"step {lease.step} of job {lease.job} was given to another")
        if not row.done:
            raise Stale(f"job {lease.job} has ended")
        return job

    def hand_back(self, lease: Lease) -> None:
        """Free a step that could not be worked on, as when a worker is shut down: the delivery does not count."""
        with self._database.write() as connection:
            _touch(connection, lease, holder=None, deliveries=steps.c.deliveries - 1, error=lease.error)

    def give_up(self, lease: Lease, error: str) -> None:
        """Free a step that failed for a reason outside the candidate; the delivery counts."""
        with self._database.write() as connection:
            _touch(connection, lease, holder=None, error=error)

    def held(self) -> list[Held]:
        """All leases."""
        columns = (steps.c.job, steps.c.step, steps.c.fence, steps.c.beat, steps.c.holder)
        with self._database.read() as connection:
            rows = connection.execute(select(*columns).where(steps.c.holder.is_not(None))).all()
        return [Held(**row._mapping) for row in rows]

    def expire(self, held: Held) -> bool:
        """Take a lease away, unless it has beaten since it was seen. True if it was taken away."""
        lease = Lease(held.job, held.step, held.fence, 0)
        with self._database.write() as connection:
            return _touch(connection, lease, steps.c.beat == held.beat, holder=None)


class _Refused(Exception):
    """A result may not be written; what was is undone."""


_RAISED = {"revision": jobs.c.revision + 1, "version": jobs.c.version + bindparam("events", type_=jobs.c.version.type)}
_PROGRESS: dict[str, Any] = {field.name: bindparam(f"new_{field.name}") for field in fields(Progress)}
_RUNNING = update(jobs).where(jobs.c.id == bindparam("of"), jobs.c.status == Status.RUNNING)
# Made once: to make a statement takes longer than to execute it.
_MOVED = _RUNNING.values(**_RAISED, **_PROGRESS).returning(*jobs.c)
_ENDED = _RUNNING.values(
    **_RAISED,
    **_PROGRESS,
    status=bindparam("new_status"),
    reason=bindparam("new_reason"),
    finished_at=bindparam("now"),
).returning(*jobs.c)
_STEP = steps.c.job == bindparam("of"), steps.c.step == bindparam("name")
_LOCKED = select(steps).where(*_STEP).with_for_update()
_DONE = (
    update(steps)
    .where(*_STEP, steps.c.fence == bindparam("held"), steps.c.done.is_(False))
    .values(holder=None, done=True)
)


def _is(job: str, step: str) -> ColumnElement[bool]:
    return and_(steps.c.job == job, steps.c.step == step)


def _locked(connection: Connection, job: str, step: str) -> Row[Any] | None:
    return connection.execute(_LOCKED, {"of": job, "name": step}).one_or_none()


def _touch(connection: Connection, lease: Lease, *also: ColumnElement[bool], **values: object) -> bool:
    """Change a step if the lease on it still holds."""
    holds = and_(_is(lease.job, lease.step), steps.c.fence == lease.fence, steps.c.holder.is_not(None), *also)
    return connection.execute(update(steps).where(holds).values(**values)).rowcount == 1


def _columns(progress: Progress) -> dict[str, int]:
    """Its columns. What a model server says that it spent may be beyond what a column, or a client, can hold."""
    return {name: max(0, min(value, _MOST)) for name, value in asdict(progress).items()}


def _undeliverable(row: Row[Any]) -> str:
    why = f"; the last error: {row.error}" if row.error else ": its worker was lost or went silent"
    return f"step {row.step} was given out {row.deliveries} times without a result{why}"
