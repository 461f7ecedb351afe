"""Curves in numbers, from runs whose turns and tokens are written down."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.curve_table import main
from benchmarks.curves import grid, share_within
from benchmarks.intervals import bootstrap_mean
from benchmarks.results import load

from .runs import RIGHT, WRONG, write_run


def test_each_point_says_what_is_solved_so_far(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = write_run(
        tmp_path / "one", {"a": [WRONG, replace(RIGHT, tokens=300)], "b": [RIGHT], "c": [WRONG, WRONG, WRONG]}
    )
    other = write_run(tmp_path / "other", {"a": [RIGHT], "b": [RIGHT], "c": [RIGHT]})
    run = load(one)
    assert share_within(run, 99)[0] == 0.0
    assert share_within(run, 399) == (1 / 3, bootstrap_mean([0.0, 1.0, 0.0], resamples=2000))
    assert share_within(run, 400)[0] == 2 / 3
    assert grid([run], 3) == [100, 200, 400]
    assert main([str(one), str(other), "--points", "3"]) == 0
    head, _, *lines = capsys.readouterr().out.splitlines()
    assert head == "| tokens a problem | one (linear) | other (linear) |"
    cells = [[cell.split(" (")[0] for cell in line.strip("| ").split(" | ")] for line in lines]
    assert cells == [["100", "33.3%", "100.0%"], ["200", "33.3%", "100.0%"], ["400", "66.7%", "100.0%"]]


def test_what_cannot_be_drawn_gets_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = write_run(tmp_path / "one", {"a": [RIGHT]})
    other = write_run(tmp_path / "other", {"b": [RIGHT]})
    assert main([str(one), str(other)]) == 2
    assert "different problems" in capsys.readouterr().err
    assert main([str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("Error: ")
    with pytest.raises(SystemExit):
        main([str(one), "--points", "1"])
