"""A real `selfdebug bench` is killed again and again: what it leaves is what it would have left in peace."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from selfdebug.events import Completed
from selfdebug.trajectory import read

from . import tiny
from .scripted import Question, ScriptedModel

PROBLEMS, CONCURRENCY, KILLS = 10, 4, 8
_TIMES = {"at_s", "seconds", "wall_s", "cpu_s", "memory_bytes"}
_PATIENCE_S = 240


def start(model: ScriptedModel, data: Path, out: Path) -> "subprocess.Popen[bytes]":
    """The command as a user gives it, in a process of its own."""
    arguments = [
        "bench",
        "humaneval",
        "--data",
        str(data),
        "--out",
        str(out),
        "--strategy",
        "linear",
        "--model",
        "openai:m",
        "--max-turns",
        "4",
    ]
    code = "import sys; sys.argv[0] = 'selfdebug'; from selfdebug.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments, "--concurrency", str(CONCURRENCY)],
        env=os.environ | {"OPENAI_BASE_URL": model.address, "OPENAI_API_KEY": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def finish(process: "subprocess.Popen[bytes]") -> str:
    said, _ = process.communicate(timeout=_PATIENCE_S)
    assert process.returncode == 0, said.decode()
    return said.decode()


def timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: timeless(inner) for name, inner in value.items() if name not in _TIMES}
    return [timeless(inner) for inner in value] if isinstance(value, list) else value


def lines(path: Path) -> list[Any]:
    return [timeless(json.loads(line)) for line in path.read_text().splitlines()]


def kept(out: Path) -> int:
    """How many answers of the model the trajectories hold."""
    return sum(isinstance(event, Completed) for path in out.glob("trajectories/*") for event in read(path))


class Killer:
    """Kills the process a moment after the server has got so many more requests."""

    def __init__(self, chance: random.Random) -> None:
        self._chance, self._lock = chance, threading.Lock()
        self._left = 0
        self._process: subprocess.Popen[bytes] | None = None

    def aim(self, process: "subprocess.Popen[bytes]") -> None:
        with self._lock:
            self._process, self._left = process, self._chance.randint(1, 5)

    def heard(self, question: Question) -> None:
        with self._lock:
            self._left -= 1
            if self._left or self._process is None:
                return
            # At once, while the answer is on its way, while the program runs, or while it is graded.
            pause_s = self._chance.choice([0, 0.002, 0.01, 0.05, 0.2])
            threading.Timer(pause_s, self._process.send_signal, [signal.SIGKILL]).start()


@pytest.mark.parametrize("seed", [1, 2])
def test_a_killed_run_ends_as_one_that_was_not(tmp_path: Path, seed: int) -> None:
    data, out, calm = tiny.write(tmp_path / "data.jsonl", PROBLEMS), tmp_path / "out", tmp_path / "calm"
    with ScriptedModel.running(tiny.answer) as model:
        finish(start(model, data, calm))
        distinct = model.asked.copy()
    assert max(distinct.values()) == 1
    killer, kills, lost = Killer(random.Random(seed)), 0, 0
    with ScriptedModel.running(tiny.answer) as model:
        model.before = killer.heard
        while kills < KILLS:
            process = start(model, data, out)
            killer.aim(process)
            said, _ = process.communicate(timeout=_PATIENCE_S)
            assert process.returncode in (0, -signal.SIGKILL), said.decode()
            if process.returncode == 0:
                break
            kills += 1
            # No more than what was under way when it was killed has to be asked again.
            more = model.asked.total() - kept(out) - lost
            assert 0 <= more <= CONCURRENCY
            lost += more
        model.before = lambda question: None
        finish(start(model, data, out))
    assert kills >= 3
    assert model.asked.keys() == distinct.keys()
    assert model.asked.total() == distinct.total() + lost
    assert lines(out / "results.jsonl") == lines(calm / "results.jsonl")
    assert (out / "samples.jsonl").read_bytes() == (calm / "samples.jsonl").read_bytes()
    names = sorted(path.name for path in (calm / "trajectories").iterdir())
    assert sorted(path.name for path in (out / "trajectories").iterdir()) == names
    for name in names:
        assert lines(out / "trajectories" / name) == lines(calm / "trajectories" / name)


def test_the_rows_are_what_the_model_deserves(tmp_path: Path) -> None:
    data, out = tiny.write(tmp_path / "data.jsonl", 5), tmp_path / "out"
    with ScriptedModel.running(tiny.answer) as model:
        said = finish(start(model, data, out))
        again = finish(start(model, data, out))
        assert max(model.asked.values()) == 1
    assert "solved before any feedback:  1 of 5" in said
    assert "solved after at most 4 turns: 3 of 5" in again
    assert "chosen right: 3 of 3" in again
    rows = lines(out / "results.jsonl")
    assert [row["solved"] for row in rows] == [True, True, True, False, False]
    assert [len(row["turns"]) for row in rows] == [1, 2, 3, 1, 4]
    assert [[turn["solved"] for turn in row["turns"]] for row in rows[:3]] == [
        [True],
        [False, True],
        [False] * 2 + [True],
    ]
    assert [turn["fault"] for turn in rows[2]["turns"]] == ["IndexError", "wrong value", None]
    assert [turn["hidden_passed"] for turn in rows[4]["turns"]] == [False] * 4
    assert all(turn["tokens_so_far"] > 0 for row in rows for turn in row["turns"])
    manifest = json.loads((out / "run.json").read_text())
    assert manifest["made"]["isolation"] == "bubblewrap"
    assert "bench humaneval --data" in manifest["made"]["command"]
    assert manifest["asked"]["model"] == {"name": "openai:m", "source": "server", "revision": None}
    assert [set(resumed) <= {"started", "model_address", "commit"} for resumed in manifest["resumed"]] == [True]
