"""Whoever judges programs in the sandbox benchmark: this project's grading in two forms, and the peers."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import benchmarks
from benchmarks.grading import Verdict, grade
from benchmarks.samples import Sample, read_samples
from benchmarks.speed.backends import backend_options, open_backend
from benchmarks.speed.peers.job import Judged, NotMeasured, PeerJob, peer_test
from benchmarks.speed.peers.registry import PEERS
from benchmarks.speed.workloads import Files, Workload
from sandbox.errors import SandboxError
from sandbox.protocol import Executor
from sandbox.types import Execution, Limits, Suite
from selfdebug.formats import load_problems

_ROOT = Path(benchmarks.__file__).parents[1]
_MEMORY_BYTES = 512 * 2**20
_SPARE_S = 300.0  # what a contestant's process may take beyond the time limits of its programs
_SAID_CHARS = 300


@dataclass(frozen=True)
class Task:
    """One measurement: a workload, as files in a folder that the contestant may use."""

    workload: Workload
    files: Files
    folder: Path
    workers: int
    timeout_s: float

    @property
    def deadline_s(self) -> float:
        """Seconds after which the contestant must be stuck."""
        return _SPARE_S + (self.timeout_s + 1) * len(self.workload.programs)


class Contestant(Protocol):
    """Judges a task's programs.

    Attributes:
        what: What it does for each program, in a few words.
        slow: It takes so long that it is given only some of the programs.
    """

    name: str
    what: str
    slow: bool

    async def judge(self, task: Task) -> Judged:
        """Judge all programs, in their order.

        Raises:
            NotMeasured: It can't, here.
        """
        ...


class WarmSandbox:
    """A job's boxes as a sandbox, so that what opens a job of its own finds them warm."""

    isolation = ""

    def __init__(self, job: Executor) -> None:
        """Run everything in that job."""
        self._job = job

    async def run(self, program: str, suite: Suite, limits: Limits = Limits(), *, trace: bool = False) -> Execution:
        """Run one candidate in the job."""
        return await self._job.run(program, suite, limits, trace=trace)

    @contextlib.asynccontextmanager
    async def job(self) -> AsyncIterator[Executor]:
        """The job, which goes on afterwards."""
        yield self._job

    async def close(self) -> None:
        """Whoever opened the job ends it."""


class Grading:
    """`benchmarks.grading.grade` in the warm boxes of one job, in this process."""

    slow = False

    def __init__(self, backend: str) -> None:
        """Use a backend of `sandbox.select`, a runtime behind a colon."""
        self.name = f"selfdebug, {backend}"
        self.what = "a fork in a warm box, isolated by itself"
        self._backend = backend

    async def judge(self, task: Task) -> Judged:
        """Measure from the first program to the last verdict; every box has run one program before."""
        problems = {problem.id: problem for problem in load_problems(str(task.files.problems))}
        samples = list(read_samples(task.files.samples, problems))
        passed: list[bool] = []

        def graded(_: Sample, verdict: Verdict) -> None:
            passed.append(verdict.passed)

        limits = Limits(wall_s=3 * task.timeout_s, cpu_s=task.timeout_s, memory_bytes=_MEMORY_BYTES)
        try:
            sandbox = open_backend(self._backend, task.workers)
            try:
                async with sandbox.job() as job:
                    warm = WarmSandbox(job)
                    await grade(
                        samples[:1] * task.workers, sandbox=warm, limits=limits, ended=_nothing, graded=lambda *_: None
                    )
                    began = time.perf_counter()
                    await grade(samples, sandbox=warm, limits=limits, ended=_nothing, graded=graded)
                    return Judged(time.perf_counter() - began, tuple(passed))
            finally:
                await sandbox.close()
        except SandboxError as error:
            raise NotMeasured(_cut(str(error))) from error


class GradeCommand:
    """`selfdebug grade` as a user runs it: a whole process, its start, reading and writing files included."""

    slow = False

    def __init__(self, backend: str) -> None:
        """Use a backend by the name that the command knows, a runtime behind a colon."""
        self.name = f"selfdebug grade, {backend}"
        self.what = "the same as a whole command, cold"
        self._backend = backend

    async def judge(self, task: Task) -> Judged:
        """Measure the process from its start to its end."""
        results = task.folder / "graded.jsonl"
        command = [
            *(sys.executable, "-c", "from selfdebug.cli import main; main()", "grade", str(task.files.samples)),
            *("--problems", str(task.files.problems), "--out", str(results), *backend_options(self._backend)),
            *("--workers", str(task.workers), "--timeout", str(task.timeout_s)),
        ]
        began = time.perf_counter()
        await run_process(command, task.folder, task.deadline_s)
        seconds = time.perf_counter() - began
        return Judged(seconds, tuple(json.loads(line)["passed"] for line in results.read_text().splitlines()))


class PeerHarness:
    """Another harness, in a process of its own, so that it forks from no larger process than its users' does."""

    def __init__(self, name: str, image: str) -> None:
        """Use the peer of that name in `PEERS`."""
        self.name = name
        self.what = PEERS[name].what
        self.slow = PEERS[name].slow
        self._image = image

    async def judge(self, task: Task) -> Judged:
        """Measure what it measures itself, from its first program to its last verdict."""
        job, result = task.folder / "job.json", task.folder / "result.json"
        PeerJob(
            tests={name: peer_test(row["test"], row["entry_point"]) for name, row in _used(task.workload).items()},
            programs=tuple((program.problem, program.text) for program in task.workload.programs),
            workers=task.workers,
            timeout_s=task.timeout_s,
            image=self._image,
        ).write(job)
        command = [sys.executable, "-m", "benchmarks.speed.peers", self.name, str(job), str(result)]
        await run_process(command, task.folder, task.deadline_s)
        said = json.loads(result.read_text())
        if "not_measured" in said:
            raise NotMeasured(_cut(said["not_measured"]))
        return Judged(said["seconds"], tuple(said["passed"]))


async def run_process(command: list[str], folder: Path, deadline_s: float) -> None:
    """Run a command in a folder, quietly; nothing of it is left afterwards.

    Raises:
        NotMeasured: It failed or took too long; the message ends with what it said last.
    """
    log = folder / "log.txt"
    environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(deadline_s):
                status = await process.wait()
        except TimeoutError as error:
            raise NotMeasured(f"it did not end within {deadline_s:.0f} s") from error
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    if status:
        said = log.read_text(errors="replace").strip().splitlines()[-1:]
        raise NotMeasured(_cut(f"it ended with status {status}: {' '.join(said) or 'it said nothing'}"))


def _used(workload: Workload) -> Mapping[str, Mapping[str, str]]:
    return {name: workload.problems[name] for name in dict.fromkeys(each.problem for each in workload.programs)}


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SAID_CHARS else line[: _SAID_CHARS - 1] + "…"


def _nothing() -> None:
    pass
