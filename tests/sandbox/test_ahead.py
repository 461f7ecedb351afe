"""A box that is started ahead: the first run's if it fits, ended with the sandbox if not, and no reason to fail."""

import logging
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from sandbox.box import ProcessBox
from sandbox.boxed import BoxedSandbox
from sandbox.bubblewrap import Bubblewrap
from sandbox.errors import SandboxUnavailable
from sandbox.types import AssertSuite, PytestSuite, Suite

Eventually = Callable[[Callable[[], bool]], Awaitable[None]]
SUITE = AssertSuite(("assert f() == 1",))
PROGRAM = "def f(): return 1\n"


class Counting(Bubblewrap):
    """Counts the boxes that are made."""

    made = 0

    def box(self, suite: Suite) -> ProcessBox:
        self.made += 1
        return super().box(suite)


def children() -> set[int]:
    listed = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return {int(number) for file in listed for number in file.read_text().split()}


async def test_the_first_run_has_it_and_the_second_job_has_not() -> None:
    backend = Counting()
    sandbox = BoxedSandbox(backend)
    await sandbox.start_ahead()
    await sandbox.start_ahead()
    assert backend.made == 1
    async with sandbox.job() as job:
        assert (await job.run(PROGRAM, SUITE)).passed
        assert (await job.run(PROGRAM, SUITE)).passed
        assert backend.made == 1
    assert (await sandbox.run(PROGRAM, SUITE)).passed
    assert backend.made == 2
    await sandbox.close()


async def test_a_suite_that_needs_pytest_has_a_box_of_its_own() -> None:
    backend = Counting()
    sandbox = BoxedSandbox(backend)
    await sandbox.start_ahead()
    suite = PytestSuite("from solution import f\n\ndef test_f():\n    assert f() == 1\n")
    assert (await sandbox.run(PROGRAM, suite)).passed
    assert backend.made == 2
    await sandbox.close()


async def test_what_nobody_uses_ends_with_the_sandbox(eventually: Eventually) -> None:
    before = children()
    started, starting = BoxedSandbox(Bubblewrap()), BoxedSandbox(Bubblewrap())
    await started.start_ahead()
    one = children() - before
    assert one
    await eventually(lambda: len(children() - before) == len(one))
    await starting.start_ahead()
    assert children() - before > one
    await started.close()
    await starting.close()
    assert children() == before
    await started.start_ahead()
    assert children() == before


async def test_where_none_can_be_had_the_first_run_says_why(caplog: pytest.LogCaptureFixture) -> None:
    for run_too in (True, False):
        sandbox = BoxedSandbox(Bubblewrap("/usr/bin/false"))
        with caplog.at_level(logging.WARNING):
            await sandbox.start_ahead()
            if run_too:
                with pytest.raises(SandboxUnavailable):
                    await sandbox.run(PROGRAM, SUITE)
            await sandbox.close()
    assert not caplog.records
