"""`selfdebug solve` and `replay`, from outside, on recorded real completions."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

SelfDebug = Callable[..., subprocess.CompletedProcess[str]]
ROOT = Path(__file__).parents[3]
RECORDING = ROOT / "tests" / "recordings" / "demo.jsonl"
DEMO = ROOT / "examples" / "demo.json"
RECORDED = ("--model", f"replay:{RECORDING}", "--strategy", "linear", "--feedback", "unit-test+explanation")


def test_the_program_goes_to_standard_output_and_nothing_else_does(selfdebug: SelfDebug, tmp_path: Path) -> None:
    done = selfdebug("solve", str(DEMO), *RECORDED)
    assert (done.returncode, done.stderr) == (0, "")
    (tmp_path / "solution.py").write_text(done.stdout)
    assert selfdebug("run", str(DEMO), "solution.py").returncode == 0


def test_the_view_shows_each_turn(selfdebug: SelfDebug) -> None:
    done = selfdebug("solve", str(DEMO), *RECORDED, "--view")
    assert done.returncode == 0
    assert "turn 1" in done.stderr
    assert "turn 2" in done.stderr
    assert "every visible test passes" in done.stderr


def test_an_unsolved_problem_ends_with_1_and_the_best_candidate(selfdebug: SelfDebug) -> None:
    done = selfdebug("solve", str(DEMO), *RECORDED, "--max-turns", "1")
    assert done.returncode == 1
    assert "def " in done.stdout
    assert "not solved" in done.stderr
    assert "visible tests pass" in done.stderr


def test_json_is_one_object(selfdebug: SelfDebug) -> None:
    done = selfdebug("solve", str(DEMO), *RECORDED, "--json")
    found = json.loads(done.stdout)
    assert found["solved"] is True
    assert found["reason"] == "passed"
    assert found["best_turn"] == len(found["turns"]) > 1
    assert found["turns"][0]["visible"]["tests_passed"] < found["turns"][0]["visible"]["tests"]
    assert found["usage"]["requests"] >= len(found["turns"])
    assert found["turns"][-1]["visible"]["isolation"] == "bubblewrap"


def test_what_was_kept_can_be_shown_again(selfdebug: SelfDebug, tmp_path: Path) -> None:
    assert selfdebug("solve", str(DEMO), *RECORDED, "--out", "kept").returncode == 0
    assert selfdebug("run", str(DEMO), "kept/solution.py").returncode == 0
    shown = selfdebug("replay", "kept/trajectory.jsonl")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "turn 2" in shown.stdout
    again = selfdebug("replay", "kept/trajectory.jsonl", "--json")
    assert json.loads(again.stdout)["solved"] is True
    twice = selfdebug("solve", str(DEMO), *RECORDED, "--out", "kept")
    assert twice.returncode == 2
    assert "kept" in twice.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("solve", "none.json"), 2, "none.json"),
        (("solve", str(DEMO), "--feedback", "shouting"), 2, "unit-test"),
        (("solve", str(DEMO), "--sandbox", "sandcastle"), 2, "bubblewrap"),
        (("solve", str(DEMO), "--max-turns", "0"), 2, "--max-turns"),
        (("solve",), 2, "problem"),
        (("solve", str(DEMO), "--model", "two words"), 2, "two words"),
        (("solve", str(DEMO), "--model", "replay:none.jsonl"), 2, "none.jsonl"),
        (("replay", "none.jsonl"), 2, "none.jsonl"),
        (("sing",), 2, "sing"),
    ],
)
def test_what_is_wrong_ends_with_one_message(
    selfdebug: SelfDebug, arguments: tuple[str, ...], status: int, said: str
) -> None:
    done = selfdebug(*arguments)
    assert done.returncode == status
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_no_model_ends_with_3(selfdebug: SelfDebug, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = selfdebug("solve", str(DEMO), "--model", "./empty")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr


def test_an_interrupt_ends_with_130_and_keeps_the_trajectory(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:  # accepts, and never answers
        port = server.getsockname()[1]
        command = [sys.executable, "-c", "from selfdebug.cli import main; main()", "solve", str(DEMO)]
        process = subprocess.Popen(
            [*command, "--model", "openai:nobody", "--out", "kept"],
            cwd=tmp_path,
            env={**os.environ, "OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1", "OPENAI_API_KEY": "none"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            trajectory = tmp_path / "kept" / "trajectory.jsonl"
            deadline = time.monotonic() + 60
            while not (trajectory.exists() and trajectory.stat().st_size) and time.monotonic() < deadline:
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            stdout, stderr = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130
    assert (stdout, stderr) == ("", "selfdebug: interrupted\n")
    assert json.loads(trajectory.read_text())["kind"] == "submitted"


def test_a_reader_who_leaves_early_sees_no_traceback(tmp_path: Path) -> None:
    command = f"{sys.executable} -c 'from selfdebug.cli import main; main()' schema | head -c 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "{"
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
