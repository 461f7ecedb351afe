"""What the store holds, seen past the service: a record of every change of a job, made by the database itself."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select, text

from selfdebug.service.records import Status
from selfdebug.service.steps import kind_of
from selfdebug.service.store import migrate
from selfdebug.service.store.engine import Database
from selfdebug.service.store.tables import events, jobs, steps

_SQLITE = (
    "CREATE TABLE noted (number INTEGER PRIMARY KEY, job TEXT, what TEXT)",
    "CREATE TRIGGER note_status AFTER UPDATE OF status ON jobs WHEN OLD.status <> NEW.status "
    "BEGIN INSERT INTO noted (job, what) VALUES (NEW.id, OLD.status || '-' || NEW.status); END",
    "CREATE TRIGGER note_change AFTER UPDATE ON events "
    "BEGIN INSERT INTO noted (job, what) VALUES (NEW.job, 'event changed'); END",
    "CREATE TRIGGER note_loss AFTER DELETE ON events "
    "BEGIN INSERT INTO noted (job, what) VALUES (OLD.job, 'event deleted'); END",
)
_POSTGRESQL = (
    "CREATE TABLE noted (number bigserial PRIMARY KEY, job text, what text)",
    "CREATE FUNCTION note_status() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "INSERT INTO noted (job, what) VALUES (NEW.id, OLD.status || '-' || NEW.status); RETURN NULL; END $$",
    "CREATE TRIGGER note_status AFTER UPDATE OF status ON jobs FOR EACH ROW WHEN (OLD.status <> NEW.status) "
    "EXECUTE FUNCTION note_status()",
    "CREATE FUNCTION note_event() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "INSERT INTO noted (job, what) VALUES (OLD.job, 'event changed or deleted'); RETURN NULL; END $$",
    "CREATE TRIGGER note_event AFTER UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION note_event()",
)


@dataclass(frozen=True)
class At:
    """Where a job stands."""

    status: Status
    version: int
    reason: str = ""


class Record:
    """One database, brought to the newest schema, from when the record is made. Its methods block.

    Raises:
        StoreUnavailable: Of all methods: the database cannot be reached.
    """

    def __init__(self, url: str) -> None:
        migrate(url)
        self._database = Database(url)
        with self._database.write() as connection:
            for statement in _SQLITE if self._database.embedded else _POSTGRESQL:
                connection.execute(text(statement))

    def positions(self) -> dict[str, At]:
        """Where each job stands."""
        with self._database.read() as connection:
            rows = connection.execute(jobs.select()).all()
        return {row.id: At(Status(row.status), row.version, row.reason) for row in rows}

    def results(self) -> Counter[str]:
        """How many steps have a result, by what they need: `generate`, `execute`."""
        with self._database.read() as connection:
            return Counter(kind_of(step) for step in connection.scalars(select(steps.c.step).where(steps.c.done)))

    def noted(self) -> Mapping[str, Sequence[str]]:
        """What happened to each job, in order: `queued-running`, `running-solved`."""
        found = defaultdict(list)
        with self._database.read() as connection:
            for job, what in connection.execute(text("SELECT job, what FROM noted ORDER BY number")):
                found[job].append(what)
        return found

    def lines(self) -> Mapping[str, Sequence[tuple[int, str]]]:
        """The sequence numbers and lines of each job's events, in order."""
        found = defaultdict(list)
        with self._database.read() as connection:
            for row in connection.execute(events.select().order_by(events.c.job, events.c.seq)):
                found[row.job].append((row.seq, row.event))
        return found

    def held(self) -> list[str]:
        """The steps that somebody holds."""
        with self._database.read() as connection:
            rows = connection.execute(steps.select().where(steps.c.holder.is_not(None))).all()
        return [f"{row.job} {row.step} delivery {row.deliveries} by {row.holder}" for row in rows]

    def close(self) -> None:
        self._database.close()
