"""What the store outlives: killed writers, a full disk, a database that goes away and comes back."""

import json
import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest
from sqlalchemy import event as sqlalchemy_event

from selfdebug.service.records import Status
from selfdebug.service.settings import Settings
from selfdebug.service.store import Store, StoreUnavailable, migrate, open_store
from selfdebug.service.store.engine import Database
from selfdebug.service.store.schema import upgrade

from ..servers import PostgresServer, free_port, missing
from .made import PROGRESS, claimed, event, new, running

RACER = Path(__file__).with_name("racer.py")
LARGE = [new(secrets.token_hex(20_000)) for _ in range(5)]  # nothing in it that can be compressed


def whole(store: Store) -> None:
    """Every job has all its events, without a gap, and what its row says fits them."""
    before = None
    while page := store.jobs(before=before, limit=500):
        before = page[-1].id
        for job in page:
            assert [stored.seq for stored in store.events(job.id)] == list(range(job.version))
            kinds = [each.kind for each in store.trajectory(job.id)]
            assert kinds[0] == "submitted"
            assert len(kinds) == 1 + job.progress.turns


@pytest.mark.parametrize("acknowledged", [3, 17, 40, 101])
def test_a_killed_writer_leaves_a_whole_database(
    open_at: Callable[..., Store], store_url: str, acknowledged: int
) -> None:
    store = open_at()
    command = [sys.executable, "-W", "error", str(RACER), store_url, "write"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as racer:
        assert racer.stdout is not None
        said = [json.loads(line) for line in islice(racer.stdout, acknowledged)]
        racer.kill()
        # The pipe holds what else it acknowledged; a last line without its end was not said.
        said += [json.loads(line) for line in racer.stdout if line.endswith("\n")]
    whole(store)
    jobs = {job.id: job for job in store.jobs(limit=10_000)}
    for what, job in said[1:]:
        assert what != "submitted" or job in jobs
        assert what != "completed" or jobs[job].version == 2
        assert what != "finished" or jobs[job].status is Status.SOLVED
    if store_url.startswith("sqlite"):
        file = sqlite3.connect(store_url.removeprefix("sqlite:///"))
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        file.close()
    (job,) = running(store)[-1:]
    for held in store.held():
        assert store.expire(held)
    store.complete(claimed(store, job), [event()], PROGRESS)


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of few megabytes, for any user."""
    if os.geteuid() != 0:
        pytest.skip("only root can make a small file system; the test with a page limit stands in")
    folder = Path(tempfile.mkdtemp(prefix="selfdebug-disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", "size=48m,mode=777", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        folder.rmdir()
        missing("file systems cannot be mounted")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)
    folder.rmdir()


def fill(store: Store) -> int:
    """Submit until the store refuses; how many jobs it has acknowledged."""
    for accepted in range(0, 100_000, 5):
        try:
            store.submit("a", LARGE)
        except StoreUnavailable:
            return accepted
    pytest.fail("the disk has no end")


def outlives_a_full_disk(store: Store, make_room: Callable[[], object]) -> None:
    jobs = running(store, 3)
    lease = claimed(store, jobs[0])
    accepted = fill(store)
    with pytest.raises(StoreUnavailable, match=r"full|space"):
        store.submit("a", LARGE)
    whole(store)
    assert sum(store.counts().by_status.values()) == accepted + len(jobs)
    make_room()
    assert store.complete(lease, [event()], PROGRESS).version == 2
    assert len(store.submit("a", LARGE)) == 5
    whole(store)


def test_sqlite_outlives_a_full_disk(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    store = open_store(Settings(database_url=f"sqlite:///{small_disk / 'selfdebug.db'}"))
    ballast.write_bytes(bytes(44 * 2**20))
    outlives_a_full_disk(store, ballast.unlink)
    store.close()


def test_sqlite_outlives_its_page_limit(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    upgrade(database)
    database.close()
    pages = [500]

    @sqlalchemy_event.listens_for(database.engine, "checkout")
    def limit(connection: sqlite3.Connection, record: object, proxy: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages[0]}")

    store = Store(database, queue_limit=10_000)
    outlives_a_full_disk(store, lambda: pages.append(pages.pop() + 1000))
    store.close()


def test_postgresql_outlives_a_full_disk(small_disk: Path, postgres_server: PostgresServer) -> None:
    folder, ballast = small_disk / "space", small_disk / "ballast"
    folder.mkdir()
    shutil.chown(folder, "postgres", "postgres")
    postgres_server.execute(f"CREATE TABLESPACE small LOCATION '{folder}'")
    postgres_server.execute("CREATE DATABASE small TABLESPACE small")
    try:
        migrate(postgres_server.url("small"))
        store = open_store(Settings(database_url=postgres_server.url("small")))
        ballast.write_bytes(bytes(shutil.disk_usage(small_disk).free - 3 * 2**20))
        outlives_a_full_disk(store, ballast.unlink)
        store.close()
    finally:
        ballast.unlink(missing_ok=True)
        postgres_server.execute("DROP DATABASE small WITH (FORCE)")
        postgres_server.execute("DROP TABLESPACE small")


def test_a_database_that_goes_away_and_comes_back(postgres_url: str, postgres_server: PostgresServer) -> None:
    store = open_store(Settings(database_url=postgres_url))
    (job,) = running(store)
    lease = claimed(store, job)
    postgres_server.stop()
    calls: list[Callable[[], object]] = [
        lambda: store.submit("a", [new()]),
        lambda: store.job(job.id),
        lambda: store.complete(lease, [event()], PROGRESS),
        lambda: store.beat(lease),
        lambda: store.ready(),
        lambda: open_store(Settings(database_url=postgres_url)),
    ]
    try:
        for call in calls:
            with pytest.raises(StoreUnavailable, match="the database cannot be used"):
                call()
    finally:
        postgres_server.start()
    store.ready()
    assert store.beat(lease)
    assert store.complete(lease, [event()], PROGRESS).version == 2
    assert len(store.submit("a", [new()])) == 1
    whole(store)
    store.close()


def test_connections_that_died_unseen_are_replaced(postgres_url: str, postgres_server: PostgresServer) -> None:
    store = open_store(Settings(database_url=postgres_url))
    (job,) = running(store)
    postgres_server.stop()
    postgres_server.start()
    assert store.job(job.id) == job
    store.close()


def test_nobody_at_the_address() -> None:
    url = f"postgresql://user:secret@127.0.0.1:{free_port()}/selfdebug"
    with pytest.raises(StoreUnavailable) as caught:
        open_store(Settings(database_url=url))
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "selfdebug.db"
    path.write_bytes(b"not a database, " * 1000)
    with pytest.raises(StoreUnavailable, match="damaged"):
        open_store(Settings(database_url=f"sqlite:///{path}"))


def test_errors_never_tell_what_was_stored(store: Store, store_url: str) -> None:
    database = Database(store_url)
    with database.write() as connection:
        connection.exec_driver_sql("DROP TABLE events")
    database.close()
    with pytest.raises(Exception, match="events") as caught:
        store.submit("a", [new("a problem that is nobody's business")])
    assert "nobody" not in str(caught.value)
