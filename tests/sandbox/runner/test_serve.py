"""When a runner ends."""

import subprocess
import sys

import pytest

SERVE = "from sandbox.runner.serve import serve; raise SystemExit(serve(isolate=False, idle_s={}))"


def test_a_runner_that_nobody_asks_anything_ends_though_its_input_stays_open() -> None:
    command = [sys.executable, "-c", SERVE.format(0.5)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as runner:
        assert runner.wait(60) == 0


def test_a_runner_waits_for_its_host() -> None:
    command = [sys.executable, "-c", SERVE.format(3600)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as runner:
        with pytest.raises(subprocess.TimeoutExpired):
            runner.wait(2)
        assert runner.stdin is not None
        runner.stdin.close()
        assert runner.wait(60) == 0
