"""The generation benchmark: equal work on both sides, and a report of it. Speeds themselves are not asserted."""

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.speed import sharing
from benchmarks.speed.__main__ import app
from benchmarks.speed.generation import Plan, measure
from benchmarks.speed.pairs import table
from selfdebug.formats import load_problems
from selfdebug.options import Budget, Options, Strategy

PLAN = Plan(
    prompts=tuple(f"def f{i}(x):\n" + "    # more\n" * (i % 4) for i in range(9)),
    sizes=(1, 3),
    new_tokens=6,
    rounds=2,
    workload_rounds=2,
    max_new_tokens=20,
    batch=4,
    together=sharing.Plan(rounds=2, samples=4, new_tokens=6),
)


async def test_both_sides_do_the_same_work(tiny_model: Path, data: Path) -> None:
    said: list[str] = []
    problems = load_problems(str(data / "humaneval" / "HumanEval.jsonl.gz"), visible="examples")[:3]
    options = Options(strategy=Strategy.ADAPTIVE, budget=Budget(turns=3, tokens=1500))
    solves = replace(PLAN.together, problems=tuple(problems), options=options, solve_rounds=2)
    report = await measure(tiny_model, replace(PLAN, together=solves), said.append)
    assert [row.work for row in report.rows] == [
        "equal length, 1 at once",
        "equal length, 3 at once",
        "workload of 9 prompts",
        "4 samples of one prompt",
        "4 conversations that go on",
        "3 adaptive solves at once",
    ]
    for row in report.rows:
        assert row.pairs == 2
        assert 0 < row.ratio_min <= row.ratio <= row.ratio_max
    assert len(said) == 12
    assert table(report).count("\n") == 7


async def test_parts_can_be_left_out(tiny_model: Path) -> None:
    plan = replace(PLAN, rounds=0, workload_rounds=1, limit=2, together=sharing.Plan(rounds=0))
    report = await measure(tiny_model, plan, lambda _: None)
    assert [row.work for row in report.rows] == ["workload of 2 prompts"]


def test_the_command_prints_one_object(tiny_model: Path, tmp_path: Path) -> None:
    data = tmp_path / "problems.jsonl.gz"
    data.write_bytes(gzip.compress(json.dumps({"prompt": PLAN.prompts[0]}).encode() + b"\n"))
    options = ["--new-tokens", "3", "--rounds", "1", "--sizes", "2", "--max-new-tokens", "5", "--json"]
    options += ["--solve-rounds", "0"]
    result = CliRunner().invoke(app, ["generation", "--model", str(tiny_model), "--data", str(data), *options])
    assert result.exit_code == 0, result.output
    assert len(json.loads(result.stdout)["rows"]) == 4


@pytest.mark.parametrize("content", [None, b"{}", b"no json"])
def test_bad_data_is_one_message(tiny_model: Path, tmp_path: Path, content: bytes | None) -> None:
    data = tmp_path / "problems.jsonl"
    if content is not None:
        data.write_bytes(content)
    result = CliRunner().invoke(app, ["generation", "--model", str(tiny_model), "--data", str(data)])
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
