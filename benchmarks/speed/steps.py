"""What each step of judging one program costs, measured from outside: whole runs are timed, and differences taken.

Nothing in the runner is changed or told that it is measured. A step is the difference of two runs of which one does
that step and the other does not; both are done in each round, and the median over the rounds is given.
"""

import asyncio
import re
import statistics
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from benchmarks.speed.backends import open_backend
from sandbox.box import Launch, ProcessBox
from sandbox.bubblewrap import Bubblewrap
from sandbox.errors import SandboxCrashed
from sandbox.interpreter import this_interpreter
from sandbox.jobs import Job
from sandbox.protocol import Executor
from sandbox.types import AssertSuite, Execution, Limits, StdioCase, StdioSuite, Suite

PROGRAM = '''\
from typing import List


def rolling_max(numbers: List[int]) -> List[int]:
    """From a list of integers, the largest so far at each place."""
    largest = None
    result = []
    for number in numbers:
        largest = number if largest is None else max(largest, number)
        result.append(largest)
    return result
'''
ASSERTS = tuple(f"assert rolling_max(list(range({n}))) == list(range({n}))" for n in range(8))
TESTS = AssertSuite(ASSERTS, entry_point="rolling_max")

_CLOCKED = f"import time\nbegan = time.time()\n{PROGRAM}\ndef seen(): return [began, ended]\nended = time.time()\n"
_CLOCK = AssertSuite(
    (*ASSERTS, "assert False, repr([started, *seen(), time.time()])"),
    setup="import time\nstarted = time.time()",
    entry_point="seen",
)
_ALIVE = "input(); print('ready')"
_NO_JOB = b"{}\n"
_ANSWER_BYTES = 2**24
_STUCK_S = 60.0

Samples = dict[str, list[float]]


@dataclass(frozen=True)
class Step:
    """Milliseconds of one step: median, least and most over the rounds."""

    part: str
    name: str
    median_ms: float
    min_ms: float
    max_ms: float


async def cold_steps(rounds: int) -> list[Step]:
    """A bubblewrap box from nothing to its first answer.

    Raises:
        SandboxUnavailable: There is no bubblewrap here.
    """
    backend = Bubblewrap()
    await backend.prepare()
    launch = backend.box(TESTS).launch
    interpreter = this_interpreter().executable
    last = len(launch.command) - 1 - launch.command[::-1].index(interpreter)
    alive = (interpreter, "-I", "-S", "-B", "-c", _ALIVE)
    line = Job(PROGRAM, TESTS, Limits()).line(site=())
    samples: Samples = defaultdict(list)
    for _ in range(rounds):
        bare = (await _asked(Launch(alive), [b"\n"]))[0]
        walled = (await _asked(replace(launch, command=(*launch.command[:last], *alive)), [b"\n"]))[0]
        ready = (await _asked(launch, [_NO_JOB]))[0]  # no job: answered as soon as there is somebody to answer
        first, second, third, ended = await _asked(launch, [line] * 3)
        samples["an interpreter without a box (`python -I -S`)"].append(bare)
        samples["the walls: bwrap, name spaces, mounts, another user"].append(walled - bare)
        samples["the runner: imports, and the zygote's fork"].append(ready - walled)
        samples["the first execution, beyond a warm one"].append((first - ready) - (third - second))
        samples["a warm execution"].append(third - second)
        samples["the end of the box"].append(ended - third)
        samples["all, up to the first answer"].append(first)
    return _steps("cold box", samples)


async def _asked(launch: Launch, lines: list[bytes]) -> list[float]:
    """Start a box and ask it; the seconds since the start at each answer, and at last when the box is gone."""
    box = ProcessBox(launch)
    began = time.perf_counter()
    times = []
    try:
        async with asyncio.timeout(_STUCK_S):
            await box.start()
            for line in lines:
                try:
                    await box.ask(line, _ANSWER_BYTES)
                except SandboxCrashed:
                    if line != _NO_JOB:
                        raise
                times.append(time.perf_counter() - began)
    finally:
        await box.end()
    return [*times, time.perf_counter() - began]


async def warm_steps(backend: str, rounds: int) -> list[Step]:
    """One execution in a warm box, by what it does and by the clock.

    Raises:
        SandboxError: The backend does not work here.
    """
    sandbox = open_backend(backend, 1)
    try:
        async with sandbox.job() as job, asyncio.timeout(_STUCK_S + rounds):
            return [
                *_steps(f"warm execution, {backend}, by difference", await _by_difference(job, rounds)),
                *_steps(f"warm execution, {backend}, by the clock", await _by_the_clock(job, rounds)),
            ]
    finally:
        await sandbox.close()


async def _by_difference(job: Executor, rounds: int) -> Samples:
    whole_program = StdioSuite((StdioCase("", ""),))
    loaded = AssertSuite((), entry_point="")
    runs: Mapping[str, tuple[str, Suite]] = {
        "candidate": ("", whole_program),
        "both": ("", loaded),
        "loaded": (PROGRAM, loaded),
        "one test": (PROGRAM, AssertSuite(ASSERTS[:1], entry_point="rolling_max")),
        "all tests": (PROGRAM, TESTS),
    }
    samples: Samples = defaultdict(list)
    for number in range(rounds + 1):
        took = {name: await _run_s(job, program, suite) for name, (program, suite) in runs.items()}
        worked = time.process_time()
        await _run_s(job, PROGRAM, TESTS)
        worked = time.process_time() - worked
        if number == 0:  # the box is cold
            continue
        samples["a process in name spaces of its own, with scratch, and its end"].append(took["candidate"])
        samples["the tests' process beside it"].append(took["both"] - took["candidate"])
        samples["loading a program of 12 lines"].append(took["loaded"] - took["both"])
        samples["the first assert"].append(took["one test"] - took["loaded"])
        samples["each further assert"].append((took["all tests"] - took["one test"]) / (len(ASSERTS) - 1))
        samples["all"].append(took["all tests"])
        samples["of which processor time of the host's process, for order and answer"].append(worked)
    return samples


async def _by_the_clock(job: Executor, rounds: int) -> Samples:
    """The candidate and the tests say what time it was: host and box have the same clock."""
    samples: Samples = defaultdict(list)
    for number in range(rounds + 1):
        asked = time.time()
        execution = await job.run(_CLOCKED, _CLOCK, Limits())
        answered = time.time()
        if number == 0:
            continue
        started, began, ended, tested = _times(execution)
        samples["until the candidate's first statement"].append(began - asked)
        samples["the candidate's module"].append(ended - began)
        samples["until the tests begin"].append(started - ended)
        samples["the tests"].append(tested - max(started, ended))
        samples["until the answer: both processes ended, scratch gone, answer read"].append(answered - tested)
        samples["all"].append(answered - asked)
    return samples


def _times(execution: Execution) -> list[float]:
    test = execution.tests[-1]
    said = test.exception.message if test.exception else test.message
    times = [float(number) for number in re.findall(r"\d+\.\d+", said)]
    if len(times) != 4:
        raise SandboxCrashed(f"the clock could not be read in the box: {execution.status} {said!r}")
    return times


async def _run_s(job: Executor, program: str, suite: Suite) -> float:
    began = time.perf_counter()
    execution = await job.run(program, suite, Limits())
    seconds = time.perf_counter() - began
    if not execution.passed:
        raise SandboxCrashed(f"a program that is right was called {execution.status}: {execution.stderr}")
    return seconds


def _steps(part: str, samples: Samples) -> list[Step]:
    return [
        Step(part, name, 1000 * statistics.median(taken), 1000 * min(taken), 1000 * max(taken))
        for name, taken in samples.items()
    ]
