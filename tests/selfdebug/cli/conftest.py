"""Runs the command line as a user does: in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SelfDebug = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def selfdebug(tmp_path: Path) -> SelfDebug:
    """Run `selfdebug` with arguments in the test's own folder."""

    def call(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from selfdebug.cli import main; main()", *arguments]
        environment = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1"}
        return subprocess.run(
            command, input=stdin, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
        )

    return call
