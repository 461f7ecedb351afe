"""The service benchmark, measured small. Speeds themselves are not asserted."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.reliability.servers import PartMissing
from benchmarks.speed.__main__ import app
from benchmarks.speed.service import LOCAL, PLAIN, Plan, Report, measure
from benchmarks.speed.service_jobs import STEPS, TURNS, jobs, record
from benchmarks.speed.service_load import Quantiles
from benchmarks.speed.service_meter import Account
from benchmarks.speed.service_report import added_ms, table
from benchmarks.speed.service_stack import CELERY, EMBEDDED, Servers
from selfdebug.events import Completed, Executed
from selfdebug.trajectory import read
from tests.service.servers import missing

SMALL = Plan(jobs=3, rounds=1, in_flight=(2,), queued=4, posts=2, depths=(2, 6), depth_rounds=1, depth_s=1.0)
SPIN = "import time\nwhile time.process_time() < 0.3: pass\n"


@pytest.fixture(scope="module")
def report() -> Report:
    """Of a whole small run, with both kinds of service."""
    try:
        with Servers.started():
            pass
    except PartMissing as error:
        missing(str(error))
    return asyncio.run(measure(SMALL, lambda _: None))


@pytest.fixture
def account() -> Iterator[Account]:
    with Account.opened() as opened:
        if opened.spent({}).boxes_s is None:
            pytest.skip("no control group can be made here")
        yield opened


@pytest.mark.sandbox
async def test_the_recording_solves_every_job_in_its_second_turn(tmp_path: Path) -> None:
    model = await record(tmp_path / "recording.jsonl")
    events = read(tmp_path / "recording.jsonl")
    completed = [event for event in events if isinstance(event, Completed)]
    assert len(completed) == len({job.problem.id for job in jobs(8, model)}) * TURNS
    assert not any(isinstance(event, Executed) for event in events)
    assert STEPS == 2 * TURNS + 1


@pytest.mark.sandbox
def test_every_part_is_measured(report: Report) -> None:
    assert report.not_measured == []
    [done] = report.rounds
    assert set(done) == {LOCAL, CELERY, EMBEDDED, PLAIN}
    assert all(each.per_s > 0 and each.work_ms > 0 for each in done.values())
    assert done[CELERY].jobs == done[EMBEDDED].jobs == done[LOCAL].jobs == 3
    assert set(done[CELERY].spent.parts) == {"api", "advance", "generate", "execute", "redis", "postgres"}
    assert set(done[EMBEDDED].spent.parts) == {"api"}
    assert done[CELERY].traffic.transactions > 0 < done[CELERY].traffic.commands
    with Account.opened() as account:
        told = account.spent({}).boxes_s is not None
    assert all((done[name].boxes_ms or 0.0) > 0 for name in (LOCAL, CELERY, EMBEDDED)) is told
    assert [(each.kind, each.users, each.jobs) for each in report.latencies] == [(CELERY, 2, 3), (EMBEDDED, 2, 3)]
    assert all(each.accepted.median_ms < each.first.median_ms < each.finished.median_ms for each in report.latencies)
    assert [(each.kind, each.workers) for each in report.posts] == [(CELERY, False), (CELERY, True), (EMBEDDED, True)]
    assert [(each.kind, each.depth) for each in report.depths] == [
        (kind, n) for kind in (CELERY, EMBEDDED) for n in (2, 6)
    ]
    assert all(each.rss_mib > 0 for parts in report.memory.values() for each in parts)


@pytest.mark.sandbox
def test_the_report_compares_within_a_round(report: Report) -> None:
    [done] = report.rounds
    assert added_ms(report, CELERY) == [(done[CELERY].work_ms - done[LOCAL].work_ms) / TURNS]
    text = table(report)
    assert all(word in text for word in (LOCAL, PLAIN, "first event", "POST, ms", "memory, embedded", "transactions"))


@pytest.mark.sandbox
def test_without_servers_the_rest_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(program: str, *_: object, **__: object) -> str | None:
        return None if program == "redis-server" else found(program)

    found = shutil.which
    monkeypatch.setattr(shutil, "which", find)
    sizes = ["--jobs", "2", "--rounds", "1", "--in-flight", "", "--posts", "0", "--depth-rounds", "0"]
    result = CliRunner().invoke(app, ["service", *sizes, "--json"])
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert set(said["rounds"][0]) == {LOCAL, EMBEDDED}
    assert said["not_measured"] == ["celery: no redis-server on this machine"]


def test_an_unknown_kind_is_named() -> None:
    result = CliRunner().invoke(app, ["service", "--kinds", "celery,sidekiq"])
    assert result.exit_code == 2
    assert "'sidekiq'" in result.output


def test_what_the_dead_have_spent_is_counted(account: Account) -> None:
    before = account.spent({"own": os.getpid()})
    subprocess.run([sys.executable, "-c", SPIN], check=True)
    used = account.spent({"own": os.getpid()}).since(before)
    assert used.boxes_s is not None
    assert used.boxes_s > 0.25
    assert used.parts["own"] < used.boxes_s


def test_without_a_group_boxes_are_not_counted() -> None:
    account = Account(None)
    before = account.spent({"own": os.getpid()})
    after = account.spent({"own": os.getpid()}).since(before)
    assert after.boxes_s is None
    assert after.own_s >= 0.0


def test_quantiles_are_of_what_was_measured() -> None:
    assert Quantiles.of([0.001 * number for number in range(1, 101)]) == Quantiles(50.5, 96.0)
    assert Quantiles.of([0.25]) == Quantiles(250.0, 250.0)
