"""What feedback paid: counted by hand on small runs."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.payoff import Repair, main, repairs
from sandbox.types import Status
from selfdebug.options import Feedback
from selfdebug.trajectory import read

from .runs import LUCKY, OPTIONS, RAISES, RIGHT, WRONG, write_run


def test_each_repair_is_told_with_what_was_wrong_and_what_it_cost(tmp_path: Path) -> None:
    solves = {"a": [WRONG, replace(RIGHT, tokens=250)], "b": [RAISES, WRONG, LUCKY], "c": [RIGHT]}
    run = write_run(tmp_path / "run", solves)
    found = {path.stem: list(repairs(read(path))) for path in (run / "trajectories").iterdir()}
    assert found == {
        "P%2Fa": [Repair(Status.FAILED, True, 250)],
        "P%2Fb": [Repair(Status.ERROR, False, 100), Repair(Status.FAILED, False, 100)],
        "P%2Fc": [],
    }


def test_the_table_has_the_best_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = write_run(tmp_path / "told", {"a": [WRONG, RIGHT], "b": [WRONG, WRONG, WRONG]})
    options = replace(OPTIONS, feedback=(Feedback.SIMPLE,))
    simple = write_run(tmp_path / "simple", {"a": [WRONG, RIGHT], "b": [WRONG, RIGHT]}, options=options)
    assert main([str(told), str(simple)]) == 0
    rows = [line.strip("| ").split(" | ") for line in capsys.readouterr().out.splitlines()[2:]]
    assert [row[:3] for row in rows] == [["failed", "simple", "2"], ["failed", "unit-test", "3"]]
    assert rows[0][3].startswith("2, 100.0%")
    assert rows[1][3].startswith("1, 33.3%")
    assert [row[4:] for row in rows] == [["100", "100.00"], ["100", "33.33"]]


def test_what_is_no_run_gets_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 2
    assert str(tmp_path) in (said := capsys.readouterr().err)
    assert said.startswith("Error: ")
    assert said.count("\n") == 1
