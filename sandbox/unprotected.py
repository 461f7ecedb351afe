"""Backend `none`: the runner as an ordinary process of this machine. Nothing is protected from the candidate.

Time, memory and output are limited all the same, tests and candidate are still two processes, and the host's
environment variables are not passed on; but the candidate may read and write what its user may, and use the network.
"""

import os
import sys
import sysconfig
from pathlib import Path

from sandbox.box import Launch, ProcessBox
from sandbox.compiled import compile_once
from sandbox.errors import SandboxUnavailable
from sandbox.interpreter import pytest_packages
from sandbox.types import PytestSuite, Suite

RUNNER = Path(__file__).parent / "runner"


class Unprotected:
    """Starts the runner without any walls."""

    isolation = "none"
    spares = 0

    async def prepare(self) -> None:
        """See that the runner is compiled; nothing is needed but a system with `fork`.

        Raises:
            SandboxUnavailable: On Windows.
        """
        if not hasattr(os, "fork"):
            raise SandboxUnavailable(
                "candidates can't be run on this system, which has no fork: use Linux, macOS or, on Windows, WSL 2"
            )
        compile_once(RUNNER)

    async def check(self) -> None:
        """Nothing more can be found out."""

    def box(self, suite: Suite) -> ProcessBox:
        """The base interpreter on the runner, with a temporary folder."""
        executable = os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)
        environment = {"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONHASHSEED": "0"}
        library_path = os.environ.get("LD_LIBRARY_PATH")
        if library_path and sysconfig.get_config_var("Py_ENABLE_SHARED"):
            environment["LD_LIBRARY_PATH"] = library_path  # the interpreter itself may need it to start
        command = (executable, "-s", "-S", "-P", "-B", str(RUNNER / "main.py"), "open")
        return ProcessBox(Launch(command, environment, scratch=True))

    def kind(self, suite: Suite) -> str:
        """Every suite can run in every box."""
        return ""

    def site(self, suite: Suite) -> tuple[str, ...]:
        """Where pytest is installed here."""
        if not isinstance(suite, PytestSuite):
            return ()
        return tuple(dict.fromkeys(os.path.dirname(folder) for folder in pytest_packages()))

    async def close(self) -> None:
        """Nothing is held."""
