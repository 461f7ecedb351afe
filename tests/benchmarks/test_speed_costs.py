"""The cost of the sandbox's steps, measured small. Durations themselves are not asserted."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.speed.__main__ import app
from benchmarks.speed.costs import Plan, measure, table
from benchmarks.speed.workloads import canonical

pytestmark = pytest.mark.sandbox


@pytest.fixture
def humaneval(data: Path) -> Path:
    return data / "humaneval" / "HumanEval.jsonl.gz"


async def test_every_part_is_measured(humaneval: Path) -> None:
    said: list[str] = []
    plan = Plan(canonical(humaneval), rounds=2, runs=25, slice=10)
    report = await measure(plan, said.append)
    assert report.not_measured == ()
    parts = dict.fromkeys(step.part for step in report.steps)
    assert list(parts) == [
        "cold box",
        "whole processes",
        "warm execution, bubblewrap, by difference",
        "warm execution, bubblewrap, by the clock",
    ]
    assert all(step.min_ms <= step.median_ms <= step.max_ms for step in report.steps)
    assert [(piece.runs, piece.wrong) for piece in report.slices] == [(10, 0), (10, 0), (5, 0)]
    assert sum("python" in resident.name for resident in report.residents) >= 2
    assert all(0 < resident.pss_mib <= resident.rss_mib for resident in report.residents if resident.rss_mib)
    assert "up to 25" in table(report)


def test_a_backend_that_is_not_there_is_reported(humaneval: Path) -> None:
    options = ["--humaneval", str(humaneval), "--backend", "no-such-backend", "--rounds", "1", "--json"]
    result = CliRunner().invoke(app, ["sandbox-costs", *options])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert (report["steps"], report["slices"]) == ([], [])
    assert any("no-such-backend" in reason for reason in report["not_measured"])
