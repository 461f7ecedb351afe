"""Runs side by side: counts that can be checked by hand, and runs that can't be compared."""

import json
import tempfile
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from benchmarks import costs, curves
from benchmarks.compare import change, compare
from benchmarks.intervals import mcnemar, wilson
from benchmarks.results import load
from selfdebug.cli import app
from selfdebug.errors import InputError
from selfdebug.options import Strategy

from .runs import LUCKY, OPTIONS, RAISES, RIGHT, WRONG, Tried, rewrite, with_budget, write_run

A = {"a": [RIGHT], "b": [WRONG, RAISES, WRONG], "c": [WRONG, RIGHT], "d": [LUCKY], "e": [RAISES, WRONG, RIGHT]}
B = {"a": [RIGHT], "b": [WRONG, RIGHT], "c": [WRONG, LUCKY], "d": [RIGHT], "e": "no answer"}


def test_a_run_is_read_back_as_it_was(tmp_path: Path) -> None:
    run = load(write_run(tmp_path / "a", A))
    assert [task.problem for task in run.tasks] == ["P/a", "P/b", "P/c", "P/d", "P/e"]
    assert [task.solved for task in run.tasks] == [True, False, True, False, True]
    assert [task.solved_first for task in run.tasks] == [True, False, False, False, False]
    assert [turn.fault for turn in run.by_problem["P/e"].turns] == ["IndexError", "wrong value", None]
    assert [turn.hidden_passed for turn in run.by_problem["P/d"].turns] == [False]
    assert (run.usage.tokens, run.usage.requests, run.usage.executions) == (1000, 10, 10)
    assert (run.strategy, run.label, run.name) == ("linear", "unit-test", "a")
    for strategy, label in ("resample", "resampling"), ("adaptive", "adaptive, unit-test"):
        again = write_run(tmp_path / strategy, A, options=replace(OPTIONS, strategy=Strategy(strategy)))
        assert load(again).label == label


def test_what_is_solved_by_turn_and_by_tokens(tmp_path: Path) -> None:
    run = load(write_run(tmp_path / "a", A))
    assert curves.solved_by_turn(run) == [1, 2, 3]
    assert curves.solved_by_tokens(run) == [(0, 0), (100, 1), (200, 2), (300, 3)]
    assert [sum(task.solved_within(tokens) for task in run.tasks) for tokens in (0, 99, 100, 250, 999)] == [
        0,
        0,
        1,
        2,
        3,
    ]
    assert curves.common_tokens([run]) == 300


def test_a_task_without_a_result_is_never_solved(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a", A)
    rows = [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]
    rows[0] |= {"error": "the server is gone", "solved": False}
    (folder / "results.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    run = load(folder)
    assert curves.solved_by_turn(run) == [0, 1, 2]
    assert curves.solved_by_tokens(run)[-1] == (300, 2)


@given(st.lists(st.lists(st.sampled_from([RIGHT, WRONG, LUCKY]), min_size=1, max_size=1), min_size=1, max_size=6))
def test_the_last_point_of_each_curve_is_what_the_run_solves(solves: list[list[Tried]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        given = {f"p{number}": turns for number, turns in enumerate(solves)}
        run = load(write_run(Path(folder) / "run", given, options=with_budget(turns=1)))
    solved = sum(task.solved for task in run.tasks)
    assert curves.solved_by_turn(run)[-1] == curves.solved_by_tokens(run)[-1][1] == solved


def test_two_runs_are_compared_task_by_task(tmp_path: Path) -> None:
    first, second = load(write_run(tmp_path / "a", A)), load(write_run(tmp_path / "b", B))
    found = compare(first, second)
    assert (found.first.solved, found.second.solved) == (3, 3)
    assert (found.first.share, found.second.share) == (wilson(3, 5), wilson(3, 5))
    assert found.at_end.gained == ("P/b", "P/d")
    assert found.at_end.lost == ("P/c", "P/e")
    assert found.at_end.difference == 0
    assert found.at_end.p == mcnemar(2, 2)
    assert found.tokens == 200  # what the dearest of the second run spent
    assert (found.first.solved_within, found.second.solved_within) == (2, 3)
    assert found.at_tokens.gained == ("P/b", "P/d")
    assert found.second.errors == 1
    assert any("b: 1 without a result" in warning for warning in found.warnings)
    assert compare(first, second) == found


def test_what_differs_besides_is_said(tmp_path: Path) -> None:
    first = load(write_run(tmp_path / "a", A))
    other = write_run(tmp_path / "b", A, options=with_budget(turns=3, tokens=9000, executions=50), visible="all")
    rewrite(other, {"model": {"name": "n", "source": "hub", "revision": "r"}, "prompts": {}})
    said = "\n".join(compare(first, load(other), tokens=5000).warnings)
    for part in (
        "executions without limit and 50",
        "tokens without limit and 9000",
        "openai:m and n (r)",
        "examples and all",
        "prompts",
    ):
        assert part in said
    assert "ended before so many tokens" in said
    assert "temperature 0.5 and 0.0" not in said
    same = write_run(tmp_path / "c", A)
    assert compare(first, load(same)).warnings == ()


def test_runs_over_other_problems_are_refused(tmp_path: Path) -> None:
    first = load(write_run(tmp_path / "a", A))
    with pytest.raises(InputError, match="over different data"):
        compare(first, load(write_run(tmp_path / "b", A, data="other")))
    with pytest.raises(InputError, match=r"over different problems \(5 and 4 problems, 1 of them in one alone: P/e\)"):
        compare(first, load(write_run(tmp_path / "c", {name: A[name] for name in "abcd"})))


def test_a_change_of_nothing_is_no_change() -> None:
    found = change({"a": True, "b": False}, {"a": True, "b": False})
    assert (found.difference, found.interval.low, found.interval.high, found.p) == (0, 0, 0, 1)


def test_costs_are_those_of_all_problems_for_each_solved_one(tmp_path: Path) -> None:
    run = load(write_run(tmp_path / "a", A))
    cost = costs.per_solved(run)
    assert cost is not None
    assert (cost.tokens, cost.completion_tokens, cost.executions) == pytest.approx((1000 / 3, 100 / 3, 10 / 3))
    assert cost.dollars is None  # nobody's price list has a server on this machine
    assert costs.per_solved(load(write_run(tmp_path / "none", {"a": [LUCKY]}))) is None


def test_a_vendors_price_is_known(tmp_path: Path) -> None:
    address = "https://api.openai.com/v1"
    folder = write_run(tmp_path / "a", A, model_address=address)
    rewrite(folder, {"model": {"name": "openai:gpt-4o-mini", "source": "server", "revision": None}})
    # 900 tokens in at 0.15, 100 out at 0.60 dollars a million, over 3 solved.
    cost = costs.per_solved(load(folder))
    assert cost is not None
    assert cost.dollars == Decimal("0.000195") / 3
    rewrite(folder, {"model": {"name": "openai:never-heard-of", "source": "server", "revision": None}})
    assert costs.dollars(load(folder)) is None


def test_samples_drawn_together_have_a_pass_at_k(tmp_path: Path) -> None:
    run = load(write_run(tmp_path / "a", A))
    assert curves.samples_pass_at(run) == {}
    rewrite(run.path, {"options": {**run.manifest.asked.options, "samples": 1}})
    assert curves.samples_pass_at(load(run.path)) == {}
    rewrite(run.path, {"options": {**run.manifest.asked.options, "samples": 2}})
    rows = [json.loads(line) for line in (run.path / "results.jsonl").read_text().splitlines()]
    chosen = [row for row in rows if len(row["turns"]) >= 2]  # b: none of two right, c: one, e: none
    (run.path / "results.jsonl").write_text("".join(json.dumps(row) + "\n" for row in chosen))
    assert curves.samples_pass_at(load(run.path)) == pytest.approx({1: 1 / 6, 2: 1 / 3})


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("run.json", None, "bench --out"),
        ("results.jsonl", None, "has not ended"),
        ("run.json", "{", "is not JSON"),
        ("run.json", "{}", "asked: Field required"),
        ("results.jsonl", "", "holds no row"),
        ("results.jsonl", '{"problem": "P/a"}\n', "line 1: solved_first: Field required"),
        ("results.jsonl", "[]\n", "line 1"),
    ],
)
def test_what_is_no_run_is_named(tmp_path: Path, name: str, text: str | None, said: str) -> None:
    folder = write_run(tmp_path / "a", A)
    (folder / name).unlink()
    if text is not None:
        (folder / name).write_text(text)
    with pytest.raises(InputError, match=said):
        load(folder)


def command(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["compare", *arguments], catch_exceptions=True, env={"COLUMNS": "120"})
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


def test_the_command_prints_a_table_and_asks_for_resampling(tmp_path: Path) -> None:
    first, second = (str(write_run(tmp_path / name, given)) for name, given in (("a", A), ("b", B)))
    status, said = command(first, second)
    assert status == 0
    for part in ("3 (60.0%)", "23.1% to 88.2%", "unknown", "p = 1", "gained (only B solves): 2  P/b, P/d", "P/c, P/e"):
        assert part in said
    assert "--strategy resample" in " ".join(said.split())
    with pytest.raises(InputError, match="can't be read"):
        command(first, str(tmp_path / "none"))


def test_the_command_prints_json_with_resampling_beside_it(tmp_path: Path) -> None:
    first, second = (write_run(tmp_path / name, given) for name, given in (("a", A), ("b", B)))
    against = write_run(tmp_path / "r", A)
    held = json.loads((against / "run.json").read_text())
    rewrite(against, {"options": {**held["asked"]["options"], "strategy": "resample"}})
    status, said = command(str(first), str(second), "--against", str(against), "--json")
    found = json.loads(said)
    assert status == 0
    assert found["resampling"] is True
    assert found["at_end"]["gained"] == ["P/b", "P/d"]
    assert found["first"]["per_solved"]["dollars"] is None
    assert [pair["second"]["label"] for pair in found["against"]] == ["resampling", "resampling"]
    assert "--strategy resample" not in command(str(first), str(second), "--against", str(against))[1]
