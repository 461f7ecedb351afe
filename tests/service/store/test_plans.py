"""No frequent call reads a whole table, however many jobs wait: looked up in what the databases say that they do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event

from selfdebug.service.records import Status
from selfdebug.service.store import Idempotency, Store
from selfdebug.service.store.engine import Database
from selfdebug.service.store.schema import upgrade

from .made import PROGRESS, claimed, new
from .made import event as completed


@contextmanager
def plans(database: Database, into: dict[str, list[str]]) -> Iterator[None]:
    """Collect SQLite's plan of every statement that is executed."""

    def explain(connection: Connection, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if not many and statement.split()[0] in ("SELECT", "UPDATE", "DELETE", "WITH"):
            into[statement] = [row[3] for row in cursor.execute("EXPLAIN QUERY PLAN " + statement, parameters)]

    event.listen(database.engine, "before_cursor_execute", explain)
    try:
        yield
    finally:
        event.remove(database.engine, "before_cursor_execute", explain)


def test_no_call_reads_a_whole_table(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    upgrade(database)
    store = Store(database, queue_limit=1000)
    jobs = store.submit("a", [new()] * 20)
    found: dict[str, list[str]] = {}
    with plans(database, found):
        for call in _calls(store, jobs[0].id):
            call()
    database.close()
    assert len(found) > 20
    whole = {
        statement: plan
        for statement, plan in found.items()
        for line in plan
        if "TEMP B-TREE" in line or (line.startswith("SCAN") and line.split()[1] in ("jobs", "events", "promises"))
    }
    newest = [statement for statement in whole if "ORDER BY jobs.id DESC" in statement]
    assert all(whole[statement] == ["SCAN jobs USING INDEX sqlite_autoindex_jobs_1"] for statement in newest)
    assert whole.keys() == set(newest)  # along the index, and only as far as the page goes


def _calls(store: Store, job: str) -> list[Callable[[], object]]:
    running = [Status.RUNNING]
    return [
        lambda: store.submit("b", [new()], key=Idempotency("b", "k", "f")),
        lambda: store.release(running=5),
        lambda: store.idle(),
        lambda: store.held(),
        lambda: store.beat(claimed(store, store.jobs(status=running)[-1])),
        lambda: store.expire(store.held()[0]),
        lambda: store.complete(claimed(store, store.jobs(status=running)[-1]), [completed()], PROGRESS),
        lambda: store.job(job),
        lambda: store.events(job),
        lambda: store.trajectory(job),
        lambda: store.jobs(limit=5),
        lambda: store.jobs(owner="a", limit=5),
        lambda: store.jobs(owner="a", status=[Status.QUEUED, Status.SOLVED], before=job, limit=5),
        lambda: store.jobs(status=[Status.SOLVED], limit=5),
        lambda: store.jobs(problem="p", limit=5),
        lambda: store.due_hooks(),
        lambda: store.authenticate("sd_x"),
        lambda: store.cancel(job),
        lambda: store.finish(job, Status.FAILED),
    ]
