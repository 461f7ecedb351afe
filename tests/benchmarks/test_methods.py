"""The table of all kinds of feedback, from real runs over recorded replies."""

import json
from pathlib import Path

import pytest

from benchmarks.methods import AGAIN, ROWS, main

RECORDING = Path(__file__).parents[1] / "recordings" / "demo.jsonl"


def test_each_row_is_a_run_and_a_line_of_the_table(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = (AGAIN, "unit-test", "runtime trace")  # the first is compared with, asked for or not
    rows = [argument for name in names[1:] for argument in ("--row", name)]
    given = ["--data", str(data / "humaneval" / "HumanEval.jsonl.gz"), "--limit", "2", "--model", f"replay:{RECORDING}"]
    asked = ["humaneval", "--out", str(tmp_path), *rows, "--", *given, "--max-turns", "2", "--concurrency", "1"]
    for _ in range(2):  # the second time nothing is left to do
        assert main(asked) == 0
        table = [line.split(" | ") for line in capsys.readouterr().out.splitlines()]
        assert [line[0].removeprefix("| ") for line in table[2:]] == list(names)
        assert all(len(line) == len(table[0]) for line in table[2:])
        assert {line[1] for line in table[2:]} == {"0 of 2"}
    folders = sorted(tmp_path.glob("humaneval/*/run.json"))
    assert len(folders) == len(names)
    kinds = {json.loads(folder.read_text())["asked"]["options"]["strategy"] for folder in folders}
    assert kinds == {"linear", "resample"}


def test_what_a_row_is_asked_for_is_known_to_the_command() -> None:
    with pytest.raises(SystemExit):
        main(["humaneval", "--out", "x", "--row", "no such row"])
    assert len(set(ROWS.values())) == len(ROWS)
