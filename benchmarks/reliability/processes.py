"""The service's own processes: started, killed, told to end; and whether they leave anything behind."""

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import benchmarks

ROOT = Path(benchmarks.__file__).parents[1]
PATIENCE_S = 60.0
_SET_CHILD_SUBREAPER, _GET_CHILD_SUBREAPER = 36, 37


class Stuck(AssertionError):
    """What should come never came; the message says what."""


class Processes:
    """Processes by name, each with a log file of its name. All are killed with the context of `running`."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder, self._environment = folder, environment
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._said: dict[str, int] = {}
        self._commands: dict[str, tuple[Sequence[str], Mapping[str, str]]] = {}

    @classmethod
    @contextmanager
    def running(cls, folder: Path, environment: Mapping[str, str]) -> Iterator["Processes"]:
        folder.mkdir(exist_ok=True)
        made = cls(folder, environment)
        try:
            yield made
        finally:
            for name in list(made._running):
                made.kill(name)

    @property
    def pids(self) -> set[int]:
        return {process.pid for process in self._running.values()}

    @property
    def names(self) -> list[str]:
        return list(self._running)

    def pid(self, name: str) -> int:
        return self._running[name].pid

    def start(self, name: str, command: Sequence[str], **environment: str) -> None:
        self._commands[name] = (command, environment)
        log = self._folder / f"{name}.log"
        self._said[name] = log.stat().st_size if log.exists() else 0
        with log.open("ab") as output:
            self._running[name] = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**self._environment, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def again(self, name: str) -> None:
        """Start one again, as a supervisor does."""
        command, environment = self._commands[name]
        self.start(name, command, **environment)

    def kill(self, name: str) -> None:
        """End one as a machine's death would."""
        process = self._running.pop(name)
        process.kill()
        process.wait(PATIENCE_S)

    async def stop(self, name: str) -> int:
        """Ask one to end, as a supervisor does; its exit status."""
        process = self._running.pop(name)
        process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.to_thread(process.wait, PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Stuck(f"{name} was told to end, and has not within {PATIENCE_S:g} s:\n{self.said(name)}") from None

    async def says(self, name: str, word: str) -> None:
        """Wait until one has written a word since it was started."""

        def said() -> bool:
            if self._running[name].poll() is not None:
                raise Stuck(f"{name} has ended:\n{self.said(name)}")
            return word in self.said(name)

        await until(said, lambda: f"{name} never said {word!r}:\n{self.said(name)}")

    def said(self, name: str) -> str:
        """What one has written since it was started."""
        with (self._folder / f"{name}.log").open("rb") as log:
            log.seek(self._said[name])
            return log.read().decode(errors="replace")[-20_000:]

    async def testify(self) -> str:
        """What each has written last; Celery's workers also write what each of their threads is at."""
        for name, process in self._running.items():
            if "celery" in self._commands[name][0] and process.poll() is None:
                process.send_signal(signal.SIGUSR1)
        await asyncio.sleep(1.0)
        return "\n".join(f"--- {name}:\n{self.said(name)}" for name in self._running)


async def until(true: Callable[[], bool], otherwise: Callable[[], str], patience_s: float = PATIENCE_S) -> None:
    """Wait until something is true, which is found out in a thread.

    Raises:
        Stuck: It never came true.
    """
    deadline = time.monotonic() + patience_s
    while not await asyncio.to_thread(true):
        if time.monotonic() > deadline:
            raise Stuck(otherwise())
        await asyncio.sleep(0.05)


def selfdebug(*arguments: str) -> list[str]:
    """The command line of this very installation."""
    return [sys.executable, "-c", "from selfdebug.cli import main; main()", *arguments]


class Orphans:
    """Processes whose parent is gone: they become children of this one, and so none escapes."""

    def __init__(self, own: set[int]) -> None:
        self._own = own

    @classmethod
    @contextmanager
    def adopted(cls) -> Iterator["Orphans"]:
        """From now on, until the context ends."""
        libc = ctypes.CDLL(None, use_errno=True)
        before = ctypes.c_int()
        libc.prctl(_GET_CHILD_SUBREAPER, ctypes.byref(before), 0, 0, 0)
        libc.prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        try:
            yield cls(set(children(os.getpid())))
        finally:
            libc.prctl(_SET_CHILD_SUBREAPER, before.value, 0, 0, 0)

    def left(self, known: set[int]) -> list[str]:
        """The command lines of those that are alive, less processes that are known; the dead are buried."""
        alive = []
        for pid, state in children(os.getpid()).items():
            if pid in self._own or pid in known:
                continue
            if state == "Z":
                with suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
                continue
            with suppress(OSError):
                alive.append(command_line(pid))
        return alive


def command_line(pid: int) -> str:
    """With which a process was started; empty if it is dead."""
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")


def children(parent: int) -> dict[int, str]:
    """The children of a process, and the state of each."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                state, its_parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
                if int(its_parent) == parent:
                    found[int(folder.name)] = state
    return found
