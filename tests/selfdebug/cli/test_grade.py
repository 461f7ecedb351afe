"""`selfdebug grade`, from outside."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

SelfDebug = Callable[..., subprocess.CompletedProcess[str]]
PROBLEMS = [
    {
        "task_id": "T/one",
        "prompt": "def one():\n",
        "entry_point": "one",
        "test": "def check(candidate):\n    assert candidate() == 1\n",
    },
    {
        "task_id": "T/two",
        "prompt": "def two():\n",
        "entry_point": "two",
        "test": "def check(candidate):\n    assert candidate() == 2\n",
    },
    {
        "task_id": "T/three",
        "prompt": "def three():\n",
        "entry_point": "three",
        "test": "def check(candidate):\n    assert candidate() == 3\n",
    },
]
SAMPLES = [
    {"task_id": "T/one", "completion": "    return 1\n", "temperature": 0.8},
    {"task_id": "T/two", "solution": "def two():\n    return 1\n"},
    {"task_id": "T/one", "completion": "    raise ValueError('no')\n"},
    {"task_id": "T/two", "completion": "    return (\n"},
]


def write(path: Path, rows: list[dict[str, object]]) -> Path:
    text = "".join(json.dumps(row) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "problems.jsonl.gz", [*PROBLEMS])
    write(tmp_path / "samples.jsonl", [*SAMPLES])
    return tmp_path


def test_samples_are_written_back_in_order_with_their_verdicts(selfdebug: SelfDebug, folder: Path) -> None:
    done = selfdebug("grade", "samples.jsonl", "--problems", "problems.jsonl.gz")
    assert (done.returncode, done.stderr) == (0, "")
    results = rows(folder / "samples.jsonl_results.jsonl")
    added = ("passed", "status", "detail", "wall_s")
    assert [{name: row[name] for name in row if name not in added} for row in results] == SAMPLES
    assert [row["passed"] for row in results] == [True, False, False, False]
    assert [row["status"] for row in results] == ["passed", "failed", "error", "syntax_error"]
    assert results[0]["detail"] == ""
    assert "candidate() == 2" in str(results[1]["detail"])
    assert "ValueError: no" in str(results[2]["detail"])
    assert all(isinstance(row["wall_s"], float) for row in results)
    assert "pass@1: 0.2500" in done.stdout
    assert "pass@10" not in done.stdout
    assert "1 problems had no sample" in done.stdout


def test_json_is_one_object(selfdebug: SelfDebug, folder: Path) -> None:
    arguments = ("--problems", "problems.jsonl.gz", "--out", "out.jsonl", "--json", "--workers", "2")
    facts = json.loads(selfdebug("grade", "samples.jsonl", *arguments).stdout)
    assert (facts["samples"], facts["passed"], facts["problems"], facts["problems_without_samples"]) == (4, 1, 3, 1)
    assert facts["pass_at_k"] == {"1": 0.25}
    assert facts["statuses"] == {"error": 1, "failed": 1, "passed": 1, "syntax_error": 1}
    assert len(rows(folder / "out.jsonl")) == 4


def test_pass_at_10_is_printed_where_every_problem_has_enough(selfdebug: SelfDebug, folder: Path) -> None:
    ten = [{"task_id": "T/one", "completion": f"    return {number % 5}\n"} for number in range(10)]
    write(folder / "ten.jsonl", ten)
    done = selfdebug("grade", "ten.jsonl", "--problems", "problems.jsonl.gz", "--json")
    assert json.loads(done.stdout)["pass_at_k"] == {"1": pytest.approx(0.2), "10": 1.0}


def test_a_file_may_hold_both_problems_and_samples(selfdebug: SelfDebug, folder: Path) -> None:
    both = [{**problem, "solution": f"{problem['prompt']}    return 2\n"} for problem in PROBLEMS]
    write(folder / "both.jsonl", both)
    done = selfdebug("grade", "both.jsonl", "--problems", "both.jsonl", "--sandbox", "none")
    assert done.returncode == 0
    assert [row["passed"] for row in rows(folder / "both.jsonl_results.jsonl")] == [False, True, False]


@pytest.mark.parametrize(
    ("samples", "arguments", "said"),
    [
        ([], (), "holds no samples"),
        ([SAMPLES[0], {"task_id": "T/four", "completion": ""}], (), "line 2, task_id: 'T/four' is none of the 3"),
        ([{"task_id": "T/one"}], (), "line 1: has neither 'completion' nor 'solution'"),
        (SAMPLES, ("--out", "nowhere/out.jsonl"), "nowhere/out.jsonl: can't be written"),
        (SAMPLES, ("--out", "bad.jsonl"), "bad.jsonl: is an input"),
        (SAMPLES, ("--sandbox", "glass"), "--sandbox: expected one of"),
    ],
)
def test_bad_input_is_one_message_and_nothing_is_written(
    selfdebug: SelfDebug, folder: Path, samples: list[dict[str, object]], arguments: tuple[str, ...], said: str
) -> None:
    write(folder / "bad.jsonl", samples)
    before = sorted(folder.iterdir())
    done = selfdebug("grade", "bad.jsonl", "--problems", "problems.jsonl.gz", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert sorted(folder.iterdir()) == before


def test_an_interrupted_run_leaves_no_results(folder: Path) -> None:
    write(folder / "slow.jsonl", [{"task_id": "T/one", "completion": "    while True: pass\n"}] * 50)
    command = [sys.executable, "-c", "from selfdebug.cli import main; main()", "grade", "slow.jsonl"]
    before = sorted(folder.iterdir())
    running = subprocess.Popen(
        [*command, "--problems", "problems.jsonl.gz"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 60
    while not list(folder.glob(".*.part")) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(running.pid, signal.SIGINT)
    running.communicate(timeout=60)
    assert running.returncode == 130
    assert sorted(folder.iterdir()) == before
