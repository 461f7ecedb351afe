"""Webhooks: which have to be delivered now, and what came of it.

At least once: one that was taken and neither done nor failed (its sender died) comes again after a while.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, select, update

from selfdebug.service.records import Hook
from selfdebug.service.store.engine import Database
from selfdebug.service.store.rows import now
from selfdebug.service.store.tables import hooks


class Hooks:
    """The part of the store that holds webhooks. A job's is there from its end until it is delivered or given up."""

    _database: Database

    def due_hooks(self, limit: int = 100, *, hold: timedelta = timedelta(minutes=2)) -> list[Hook]:
        """Take webhooks whose time has come, oldest first. For `hold`, no other caller is given them.

        `attempts` of each counts this one.
        """
        due = select(hooks.c.job).where(hooks.c.due_at <= now()).order_by(hooks.c.due_at).limit(limit)
        with self._database.write() as connection:
            taken = connection.scalars(due.with_for_update(skip_locked=True)).all()
            if not taken:
                return []
            statement = (
                update(hooks)
                .where(hooks.c.job.in_(taken))
                .values(attempts=hooks.c.attempts + 1, due_at=now() + hold)
                .returning(hooks.c.job, hooks.c.url, hooks.c.attempts)
            )
            found = {row.job: Hook(row.job, row.url, row.attempts) for row in connection.execute(statement)}
        return [found[job] for job in taken]

    def hook_done(self, hook: Hook) -> None:
        """It was delivered, or is given up: forget it."""
        with self._database.write() as connection:
            connection.execute(delete(hooks).where(_taken(hook)))

    def hook_failed(self, hook: Hook, error: str, next_attempt: datetime | None) -> None:
        """It was not delivered; None: it is given up."""
        if next_attempt is None:
            self.hook_done(hook)
            return
        with self._database.write() as connection:
            connection.execute(update(hooks).where(_taken(hook)).values(due_at=next_attempt, error=error))


def _taken(hook: Hook) -> ColumnElement[bool]:
    return and_(hooks.c.job == hook.job, hooks.c.attempts == hook.attempts)
