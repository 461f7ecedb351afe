"""`selfdebug --version`, from outside."""

import subprocess
from collections.abc import Callable
from importlib.metadata import version


def test_the_installed_version_is_said(selfdebug: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    done = selfdebug("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"selfdebug {version('selfdebug')}\n", "")
