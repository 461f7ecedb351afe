"""Every program of the corpus comes out as its header says, and leaves, sees and reaches nothing of this machine."""

import asyncio
from collections import Counter
from collections.abc import Iterator

import pytest
import pytest_asyncio

from sandbox.protocol import Executor
from sandbox.types import AssertSuite, Limits, PytestSuite

from .corpus import HONEST, HeaderError, Program, load, parse
from .host import Host

PROGRAMS = load()
CLASSES = {"fake_passes", "forgeries", "escapes", "leftovers", "exhaustion", "stdio", HONEST}
SENTINEL = """
import glob
import os
import sys


def f(mark):
    folders = [folder for folder in (".", "/dev/shm") if os.path.isdir(folder)]
    files = [name for folder in folders for name in os.listdir(folder)]
    processes = []
    for path in glob.glob("/proc/[0-9]*/cmdline") + glob.glob("/proc/[0-9]*/comm"):
        try:
            with open(path, "rb") as file:
                processes += [path] if mark.encode() in file.read() else []
        except OSError:
            continue
    return files, processes, hasattr(sys, "remembered")
"""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def idle(job: Executor, host: Host) -> int:
    """How many processes idle boxes are: one box for asserts and whole programs, one for pytest, and spare ones."""
    await job.run("x = 1", PytestSuite("from solution import x\ndef test():\n    assert x\n"))
    await job.run("x = 1", AssertSuite(("assert x == 1",)))
    counts = [host.descendants()]
    while len(counts) < 40 or len(set(counts[-40:])) > 1:  # spare boxes are made in the background
        await asyncio.sleep(0.025)
        counts.append(host.descendants())
    return counts[-1]


async def left(host: Host, idle: int) -> str:
    """Processes that are still there after a while; empty where there are none."""
    for _ in range(200):
        if not host.marked() and host.descendants() <= idle:
            return ""
        await asyncio.sleep(0.025)
    return f"processes are left: {host.marked()}, {host.descendants() - idle} more than before"


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: f"{program.kind}/{program.name}")
async def test_a_program_of_the_corpus(job: Executor, host: Host, idle: int, program: Program) -> None:
    faults = []
    for _ in range(program.runs):
        execution = await job.run(program.text(host.tokens()), program.suite, program.limits)
        faults += program.faults(execution)
        if host.secret in repr(execution):
            faults.append(f"a canary is in the execution: {execution!r}")
    if processes := await left(host, idle):
        faults.append(processes)
    if traces := host.traces():
        faults.append(f"there are traces on this machine: {traces}")
    nothing = AssertSuite((f"assert f({host.mark!r}) == ([], [], False)",))
    after = await job.run(SENTINEL, nothing, Limits(wall_s=20, cpu_s=5))
    if not after.passed:
        faults.append(f"the next run of the job was not right: {after!r}")
    assert not faults, "\n".join([program.tries, *faults])


def test_every_class_of_attack_has_its_programs() -> None:
    counts = Counter(program.kind for program in PROGRAMS)
    assert counts.keys() == CLASSES
    assert all(count >= 10 for count in counts.values())
    assert counts[HONEST] >= 20
    assert counts.total() - counts[HONEST] >= 80
    assert len({program.source for program in PROGRAMS}) == len(PROGRAMS)


def headers() -> Iterator[tuple[str, str]]:
    """Headers that say too little, too much or nonsense, and why they are refused."""
    good = "# Tries: x\n# Test: assert f()\n# Expect: failed\nx = 1\n"
    yield good.replace("# Tries: x\n", ""), "what it tries"
    yield good.replace("# Test: assert f()\n", ""), "needs"
    yield good.replace("# Expect: failed\n", ""), "Expect is missing"
    yield good.replace("failed", "fooled"), "unknown outcomes"
    yield good.replace("failed", "passed"), "no other may"
    yield good.replace("# Test", "# Tset"), "unknown key"
    yield good.replace("# Expect", "# Runs: 1\n# Runs: 2\n# Expect"), "given twice"
    yield good.replace("# Expect", "# Limits: time_s=1\n# Expect"), "unknown limit"
    yield good.replace("# Expect", "# Source: x\n# Expect"), "takes no"
    yield good.replace("# Test: assert f()", '# Suite: stdio\n# Input: ""'), "needs"
    yield good.replace("x = 1\n", ""), "no program"


@pytest.mark.parametrize(("text", "reason"), list(headers()))
def test_a_header_that_does_not_say_what_it_must_is_refused(text: str, reason: str) -> None:
    with pytest.raises(HeaderError, match=reason):
        parse("escapes", "x", text)


def test_a_token_that_there_is_not_is_refused() -> None:
    program = parse("escapes", "x", "# Tries: x\n# Test: assert f()\n# Expect: failed\nx = '@NOWHERE@'\n")
    with pytest.raises(HeaderError, match="no token @NOWHERE@"):
        program.text({})
