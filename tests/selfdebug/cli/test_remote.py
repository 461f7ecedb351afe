"""`selfdebug submit`, `status`, `watch` and `cancel` against a running `selfdebug serve`."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SelfDebug = Callable[..., subprocess.CompletedProcess[str]]
ROOT = Path(__file__).parents[3]
RECORDING = ROOT / "tests" / "recordings" / "demo.jsonl"
DEMO = ROOT / "examples" / "demo.json"
MAIN = [sys.executable, "-c", "from selfdebug.cli import main; main()"]
LIKE_RECORDED = ("--strategy", "linear", "--feedback", "unit-test+explanation")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a service with two models: one that replays the demo, and one that never answers."""
    folder = tmp_path_factory.mktemp("service")
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent, (folder / "log").open("wb") as log:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SELFDEBUG_")} | {
            "SELFDEBUG_STATE": str(folder / "state"),
            "SELFDEBUG_MODEL": f"replay:{RECORDING}",
            "SELFDEBUG_MODELS": '["openai:silent"]',
            "OPENAI_BASE_URL": f"http://127.0.0.1:{silent.getsockname()[1]}/v1",
            "OPENAI_API_KEY": "none",
        }
        process = subprocess.Popen(
            [*MAIN, "serve", "--port", "0"], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=log, text=True
        )
        assert process.stdout
        line = process.stdout.readline()
        assert line, (folder / "log").read_text()
        yield line.split()[-1]
        process.terminate()
        assert process.wait(timeout=60) == 0
        process.stdout.close()


@pytest.fixture(autouse=True)
def _at_the_service(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELFDEBUG_URL", service)
    monkeypatch.delenv("SELFDEBUG_API_KEY", raising=False)


def ended(selfdebug: SelfDebug, job: str) -> subprocess.CompletedProcess[str]:
    """What `status` says of a job that ends soon."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        done = selfdebug("status", job)
        if not {"queued", "running"} & set(done.stdout.split()):
            return done
    raise AssertionError(f"the job goes on: {done.stdout}")


def test_submit_waits_and_prints_the_program(selfdebug: SelfDebug, tmp_path: Path) -> None:
    done = selfdebug("submit", str(DEMO), *LIKE_RECORDED, "--watch")
    assert done.returncode == 0
    (tmp_path / "solution.py").write_text(done.stdout)
    assert selfdebug("run", str(DEMO), "solution.py").returncode == 0
    assert "turn 1" in done.stderr
    assert "every visible test passes" in done.stderr
    job = done.stderr.split()[2]
    again = selfdebug("watch", job)
    assert (again.returncode, again.stdout) == (0, done.stdout)
    assert again.stderr == done.stderr.partition("\n")[2]
    told = selfdebug("status", job)
    assert told.returncode == 0
    assert job in told.stdout
    assert "solved" in told.stdout
    assert json.loads(selfdebug("watch", job, "--json").stdout)["status"] == "solved"


def test_submit_prints_the_id_alone(selfdebug: SelfDebug) -> None:
    done = selfdebug("submit", str(DEMO), *LIKE_RECORDED, "--max-turns", "1")
    assert (done.returncode, done.stderr) == (0, "")
    job = done.stdout.strip()
    assert done.stdout == f"{job}\n"
    told = ended(selfdebug, job)
    assert "unsolved" in told.stdout
    assert told.returncode == 1


def test_an_unsolved_job_ends_as_solve_does(selfdebug: SelfDebug) -> None:
    done = selfdebug("submit", str(DEMO), *LIKE_RECORDED, "--wait", "--max-turns", "1")
    assert done.returncode == 1
    assert "def " in done.stdout
    assert "unsolved" in done.stderr
    as_json = selfdebug("submit", str(DEMO), *LIKE_RECORDED, "--wait", "--max-turns", "1", "--json")
    assert as_json.returncode == 1
    assert json.loads(as_json.stdout)["status"] == "unsolved"


def test_a_job_is_cancelled_at_once(selfdebug: SelfDebug) -> None:
    job = selfdebug("submit", str(DEMO), "--model", "openai:silent").stdout.strip()
    going = selfdebug("status", job, "--json")
    assert going.returncode == 0
    assert json.loads(going.stdout)["status"] in ("queued", "running")
    assert "cancelled" in selfdebug("cancel", job).stdout
    assert selfdebug("cancel", job).returncode == 0
    assert selfdebug("status", job).returncode == 1
    watched = selfdebug("watch", job)
    assert (watched.returncode, watched.stdout) == (1, "")
    assert "cancelled" in watched.stderr


def test_an_interrupt_leaves_the_job_going(selfdebug: SelfDebug, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*MAIN, "submit", str(DEMO), "--model", "openai:silent", "--watch"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr
        job = process.stderr.readline().split()[-1]
        assert process.stderr.readline()  # the view has begun
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, stdout) == (130, "")
    assert f"selfdebug watch {job}" in stderr
    assert "Traceback" not in stderr
    assert {"queued", "running"} & set(selfdebug("status", job).stdout.split())
    assert selfdebug("cancel", job).returncode == 0


def test_a_row_of_many_is_submitted_by_its_name(selfdebug: SelfDebug, tmp_path: Path) -> None:
    problem = json.loads(DEMO.read_text())
    rows = [problem | {"id": "one"}, problem | {"id": "two"}]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = selfdebug("submit", "rows.jsonl", "--task-id", "two", "--max-turns", "1", "--json")
    assert json.loads(done.stdout)["problem"] == "two"
    assert selfdebug("submit", "rows.jsonl").returncode == 2


def test_a_problem_without_a_name_has_its_files(selfdebug: SelfDebug, tmp_path: Path) -> None:
    problem = json.loads(DEMO.read_text())
    problem.pop("id", None)
    (tmp_path / "mine.json").write_text(json.dumps(problem))
    done = selfdebug("submit", "mine.json", "--max-turns", "1", "--json")
    assert json.loads(done.stdout)["problem"] == "mine"
    piped = selfdebug("submit", "-", "--max-turns", "1", "--json", stdin=json.dumps(problem))
    assert json.loads(piped.stdout)["problem"] == "problem"


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("submit", "none.json"), 2, "none.json"),
        (("submit", str(DEMO), "--model", "other"), 2, "#/options/model"),
        (("submit", str(DEMO), "--max-turns", "5000"), 2, "#/options/budget/turns"),
        (("submit", str(DEMO), "--feedback", "shouting"), 2, "--feedback"),
        (("submit", str(DEMO), "--webhook", "http://127.0.0.1/"), 2, "#/webhook"),
        (("status", "0" * 32), 2, "no job"),
        (("watch", "0" * 32), 2, "no job"),
        (("cancel", "0" * 32), 2, "no job"),
        (("status", "../x"), 2, "no job"),
        (("status", "0" * 32, "--url", "nowhere"), 2, "--url"),
        (("status", "0" * 32, "--url", "http://127.0.0.1:1"), 3, "127.0.0.1:1"),
    ],
)
def test_what_is_wrong_ends_with_one_line(
    selfdebug: SelfDebug, arguments: tuple[str, ...], status: int, said: str
) -> None:
    done = selfdebug(*arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert said in done.stderr
    assert done.stderr.startswith("selfdebug: ")
    assert done.stderr.count("\n") == 1


def test_a_wrong_key_is_told(selfdebug: SelfDebug, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELFDEBUG_API_KEY", "sd_wrong")
    done = selfdebug("status", "0" * 32)
    assert done.returncode == 2
    assert done.stderr.startswith("selfdebug: SELFDEBUG_API_KEY: ")
    assert "sd_wrong" not in done.stderr
