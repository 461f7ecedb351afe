"""What the sandbox costs: its steps, its throughput over many runs, its memory, and a whole cold `selfdebug run`."""

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.grading import Verdict, grade
from benchmarks.samples import Sample, read_samples
from benchmarks.speed.backends import backend_options, open_backend
from benchmarks.speed.contestants import WarmSandbox, run_process
from benchmarks.speed.peers.job import NotMeasured
from benchmarks.speed.sandbox import machine
from benchmarks.speed.steps import ASSERTS, PROGRAM, TESTS, Step, cold_steps, warm_steps
from benchmarks.speed.workloads import Workload
from sandbox.errors import SandboxError
from sandbox.protocol import Executor
from sandbox.types import Limits
from selfdebug.formats import load_problems

_RUN_S = 60.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What to measure; see the command's options."""

    workload: Workload
    backend: str = "bubblewrap"
    rounds: int = 50
    runs: int = 10_000
    slice: int = 1_000
    workers: int = 2


@dataclass(frozen=True)
class Slice:
    """A part of the long run: its speed, the programs whose verdict was wrong, and the memory afterwards."""

    runs: int
    per_s: float
    wrong: int
    pss_mib: float


@dataclass(frozen=True)
class Resident:
    """A process of an idle box.

    Attributes:
        pss_mib: Its share of the memory: what it has alone, and its part of what it has with others.
        alone_mib: What it has alone.
    """

    name: str
    pss_mib: float
    alone_mib: float
    rss_mib: float


@dataclass(frozen=True)
class Report:
    """All that was measured; `not_measured` says of each missing part why."""

    machine: str
    load: tuple[float, float]
    backend: str
    workers: int
    steps: tuple[Step, ...]
    slices: tuple[Slice, ...]
    residents: tuple[Resident, ...]
    not_measured: tuple[str, ...]


async def measure(plan: Plan, say: Say) -> Report:
    """Run the plan; `say` is told of each part as it is done."""
    load = os.getloadavg()[0]
    steps: list[Step] = []
    slices: list[Slice] = []
    residents: list[Resident] = []
    missing: list[str] = []
    try:
        if plan.backend == "bubblewrap":
            steps += await cold_steps(plan.rounds)
            say("cold box: done")
        else:
            missing.append(f"cold box: its steps are taken apart on bubblewrap only, not on {plan.backend}")
        steps += await command_steps(plan.backend, plan.rounds)
        say("selfdebug run: done")
        steps += await warm_steps(plan.backend, plan.rounds)
        say("warm execution: done")
        residents += await _idle(plan.backend)
        if not residents:
            missing.append("memory: this backend's processes are not below this one, or can't be looked into")
        slices += await _long_run(plan, say)
    except (NotMeasured, SandboxError) as error:
        missing.append(f"what is not above: {error}")
    after = os.getloadavg()[0]
    return Report(
        machine(),
        (load, after),
        plan.backend,
        plan.workers,
        tuple(steps),
        tuple(slices),
        tuple(residents),
        tuple(missing),
    )


async def command_steps(backend: str, rounds: int) -> list[Step]:
    """Whole processes: `selfdebug run` on a small problem, and what of it is no sandbox.

    Raises:
        NotMeasured: A process failed.
    """
    with tempfile.TemporaryDirectory(prefix="selfdebug-speed-") as name:
        folder = Path(name)
        problem = {
            "statement": "The largest so far.",
            "entry_point": "rolling_max",
            "tests": {"asserts": list(ASSERTS)},
        }
        (folder / "problem.json").write_text(json.dumps(problem))
        (folder / "candidate.py").write_text(PROGRAM)
        command = "from selfdebug.cli import main; main()"
        commands = {
            "an interpreter (`python -c pass`)": ["-c", "pass"],
            "the command line (`selfdebug run --help`)": ["-c", command, "run", "--help"],
            "`selfdebug run`": ["-c", command, "run", "problem.json", "candidate.py", *backend_options(backend)],
        }
        samples: dict[str, list[float]] = {name: [] for name in commands}
        for number in range(rounds + 1):
            for name, arguments in commands.items():
                began = time.perf_counter()
                await run_process([sys.executable, *arguments], folder, _RUN_S)
                if number:  # the first reads the files into the page cache
                    samples[name].append(1000 * (time.perf_counter() - began))
    return [
        Step("whole processes", name, statistics.median(taken), min(taken), max(taken))
        for name, taken in samples.items()
    ]


async def _idle(backend: str) -> list[Resident]:
    """The processes of a box that has run one program and waits."""
    sandbox = open_backend(backend, 1)
    before = _below(os.getpid())
    try:
        async with sandbox.job() as job:
            await job.run(PROGRAM, TESTS, Limits())
            return _residents(_below(os.getpid()) - before)
    finally:
        await sandbox.close()


async def _long_run(plan: Plan, say: Say) -> list[Slice]:
    """Many runs in the boxes of one job: does the speed fall, does the memory grow?"""
    programs = plan.workload.programs
    slices: list[Slice] = []
    sandbox = open_backend(plan.backend, plan.workers)
    before = _below(os.getpid())
    with tempfile.TemporaryDirectory(prefix="selfdebug-speed-") as name:
        files = plan.workload.write(Path(name))
        problems = {problem.id: problem for problem in load_problems(str(files.problems))}
        samples = list(read_samples(files.samples, problems))
    try:
        async with sandbox.job() as job:
            await _timed(job, samples[: plan.workers])
            for first in range(0, plan.runs, plan.slice):
                numbers = [index % len(programs) for index in range(first, min(first + plan.slice, plan.runs))]
                seconds, passed = await _timed(job, [samples[number] for number in numbers])
                expected = [programs[number].verdict == "passed" for number in numbers]
                wrong = sum(said != right for said, right in zip(passed, expected, strict=True))
                memory = sum(each.pss_mib for each in _residents(_below(os.getpid()) - before))
                slices.append(Slice(len(numbers), len(numbers) / seconds, wrong, memory))
                say(f"runs {first + 1} to {first + len(numbers)}: {slices[-1].per_s:.1f} programs/s")
    finally:
        await sandbox.close()
    return slices


async def _timed(job: Executor, samples: list[Sample]) -> tuple[float, list[bool]]:
    passed: list[bool] = []

    def graded(_: Sample, verdict: Verdict) -> None:
        passed.append(verdict.passed)

    began = time.perf_counter()
    await grade(samples, sandbox=WarmSandbox(job), limits=Limits(), ended=lambda: None, graded=graded)
    return time.perf_counter() - began, passed


def _below(process: int) -> set[int]:
    """The numbers of all processes below one."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
        except OSError:
            continue
        parents.setdefault(parent, []).append(int(entry.name))
    found = list(parents.get(process, []))
    for each in found:  # grows while it is walked
        found += parents.get(each, [])
    return set(found)


def _residents(processes: set[int]) -> list[Resident]:
    residents = []
    for process in sorted(processes):
        try:
            name = Path(f"/proc/{process}/comm").read_text().strip()
            text = Path(f"/proc/{process}/smaps_rollup").read_text()
        except OSError:  # it has ended, or belongs to somebody else
            continue
        kib = {key: int(rest.split()[0]) for key, _, rest in (line.partition(":") for line in text.splitlines()[1:])}
        alone = kib["Private_Clean"] + kib["Private_Dirty"]
        residents.append(Resident(name, kib["Pss"] / 1024, alone / 1024, kib["Rss"] / 1024))
    return residents


def table(report: Report) -> str:
    """The report as text."""
    before, after = report.load
    lines = [report.machine, f"load {before:.1f} before, {after:.1f} after; backend {report.backend}"]
    part = ""
    for step in report.steps:
        if step.part != part:
            part = step.part
            lines += ["", f"{part:72} {'ms':>8} {'min':>8} {'max':>8}"]
        lines.append(f"  {step.name:70} {step.median_ms:8.2f} {step.min_ms:8.2f} {step.max_ms:8.2f}")
    if report.residents:
        lines += ["", f"{'memory of an idle box, MiB':32} {'share':>8} {'alone':>8} {'resident':>9}"]
        lines += [
            f"  {each.name:30} {each.pss_mib:8.1f} {each.alone_mib:8.1f} {each.rss_mib:9.1f}"
            for each in report.residents
        ]
        lines.append(f"  {'all':30} {sum(each.pss_mib for each in report.residents):8.1f}")
    if report.slices:
        lines += [
            "",
            f"{'long run, ' + str(report.workers) + ' at once':32} {'programs/s':>11} {'wrong':>6} {'MiB':>7}",
        ]
        done = 0
        for piece in report.slices:
            done += piece.runs
            lines.append(f"  up to {done:<24} {piece.per_s:11.1f} {piece.wrong:6} {piece.pss_mib:7.1f}")
    lines += [f"not measured: {reason}" for reason in report.not_measured]
    return "\n".join(lines)
