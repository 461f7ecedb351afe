"""From queued to running: in fair turns between owners, and never more than may run."""

import heapq

from sqlalchemy import Connection, Integer, ScalarSelect, Select, bindparam, func, select, update

from selfdebug.service.records import Job, Status
from selfdebug.service.store.engine import Database
from selfdebug.service.store.rows import now, to_job
from selfdebug.service.store.tables import jobs, keys, steps

_RELEASING = 2


class Queue:
    """The part of the store that decides which jobs run."""

    _database: Database

    def release(self, *, running: int) -> list[Job]:
        """Let queued jobs run, so that at most `running` do in all, and of each key at most its `concurrent_jobs`.

        The next is always the oldest job of the owner who has the fewest running; between equals, the oldest job.
        """
        with self._database.write() as connection:
            self._database.alone(connection, _RELEASING)
            runs: dict[str, int] = dict(connection.execute(_RUNNING).all())
            free = running - sum(runs.values())
            if free <= 0:
                return []
            chosen = _choose(connection, runs, free)
            if not chosen:
                return []
            rows = connection.execute(_RELEASE, {"chosen": chosen, "now": now()})
            released = {row.id: to_job(row) for row in rows}
        return [released[job] for job in chosen if job in released]

    def idle(self, limit: int = 1000) -> list[Job]:
        """Running jobs that nobody works on, oldest first."""
        held = select(steps.c.job).where(steps.c.job == jobs.c.id, steps.c.holder.is_not(None))
        query = select(jobs).where(jobs.c.status == Status.RUNNING, ~held.exists()).order_by(jobs.c.id).limit(limit)
        with self._database.read() as connection:
            return [to_job(row) for row in connection.execute(query)]


def _heads_of() -> Select[str, str]:
    """The oldest queued job of each owner that has one: one jump along the index an owner, however long the queue."""
    queued = jobs.c.status == Status.QUEUED
    owners = select(func.min(jobs.c.owner).label("owner")).where(queued).cte("owners", recursive=True)
    beyond: ScalarSelect[str] = (
        select(func.min(jobs.c.owner)).where(queued, jobs.c.owner > owners.c.owner).scalar_subquery()
    )
    owners = owners.union_all(select(beyond).where(owners.c.owner.is_not(None)))
    oldest = select(func.min(jobs.c.id)).where(queued, jobs.c.owner == owners.c.owner).scalar_subquery()
    return select(owners.c.owner, oldest).where(owners.c.owner.is_not(None))


# Made once: to make a statement takes longer than to execute it.
_RUNNING = select(jobs.c.owner, func.count()).where(jobs.c.status == Status.RUNNING).group_by(jobs.c.owner)
_HEADS = _heads_of()
_LIMITS = select(keys.c.id, keys.c.concurrent_jobs).where(keys.c.concurrent_jobs > 0)
_AFTER = (
    select(jobs.c.id)
    .where(jobs.c.status == Status.QUEUED, jobs.c.owner == bindparam("of"), jobs.c.id > bindparam("behind"))
    .order_by(jobs.c.id)
    .limit(bindparam("most", type_=Integer))
)
_RELEASE = (
    update(jobs)
    .where(jobs.c.id.in_(bindparam("chosen", expanding=True)), jobs.c.status == Status.QUEUED)
    .values(status=Status.RUNNING, started_at=bindparam("now"), revision=jobs.c.revision + 1)
    .returning(*jobs.c)
)


def _choose(connection: Connection, runs: dict[str, int], free: int) -> list[str]:
    """The ids of at most `free` queued jobs, in the order of their turns."""
    heads: dict[str, str] = dict(connection.execute(_HEADS).all())
    if not heads:
        return []
    limits: dict[str, int] = dict(connection.execute(_LIMITS).all())
    line = [(runs.get(owner, 0), job, owner) for owner, job in heads.items()]
    heapq.heapify(line)
    waiting = {}
    chosen: list[str] = []
    while line and len(chosen) < free:
        number, job, owner = heapq.heappop(line)
        if number >= limits.get(owner, number + 1):
            continue
        chosen.append(job)
        if owner not in waiting:
            which = {"of": owner, "behind": job, "most": free}
            waiting[owner] = iter(connection.scalars(_AFTER, which).all())
        following = next(waiting[owner], None)
        if following is not None:
            heapq.heappush(line, (number + 1, following, owner))
    return chosen
