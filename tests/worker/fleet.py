"""Celery workers for tests: processes of their own, over a real Redis and a real store."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sandbox.types import AssertSuite
from selfdebug.events import Completed, Executed, Graded, Submitted
from selfdebug.options import Budget, Options, Strategy
from selfdebug.problem import Problem
from selfdebug.service.dispatch import Dispatcher
from selfdebug.service.records import Job, NewJob, Status
from selfdebug.service.store import Store

ROOT = Path(__file__).parents[2]
PATIENCE_S = 120.0
QUICK = {"SELFDEBUG_LEASE_S": "3", "SELFDEBUG_BEAT_S": "0.3", "SELFDEBUG_SWEEP_S": "0.5", "SELFDEBUG_SHUTDOWN_S": "0.5"}


class Fleet:
    """Worker processes by name; all are ended with the fleet."""

    def __init__(self, log: Path, **environment: str) -> None:
        self._log = log.open("ab")
        self._environment = {**os.environ, **QUICK, "OPENAI_API_KEY": "none", **environment}
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, *queues: str, name: str = "", **environment: str) -> str:
        """Start a worker that serves these queues."""
        name = name or "-".join(queues)
        command = [sys.executable, "-m", "celery", "-A", "worker", "worker", "-Q", ",".join(queues), "-n", f"{name}@%h"]
        self._running[name] = subprocess.Popen(
            [*command, "-l", "INFO"],
            cwd=ROOT,
            env=self._environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        return name

    def kill(self, name: str) -> None:
        """End a worker as a machine's death would."""
        worker = self._running.pop(name)
        worker.kill()
        worker.wait(PATIENCE_S)

    def stop(self, name: str) -> int:
        """Ask a worker to end, as a supervisor does, and wait until it has; its exit status."""
        self._running[name].send_signal(signal.SIGTERM)
        return self.wait(name)

    def wait(self, name: str) -> int:
        """Wait until a worker has ended; its exit status."""
        return self._running.pop(name).wait(PATIENCE_S)

    def pid(self, name: str) -> int:
        return self._running[name].pid

    def close(self) -> None:
        for worker in self._running.values():
            worker.kill()
            worker.wait(PATIENCE_S)
        self._log.close()


@contextmanager
def fleet(log: Path, **environment: str) -> Iterator[Fleet]:
    made = Fleet(log, **environment)
    try:
        yield made
    finally:
        made.close()


def new_job(word: str = "", *, turns: int = 3) -> NewJob:
    """A job that the tests' model solves in its second turn."""
    tests = AssertSuite(("assert add(1, 2) == 3", "assert add(2, 0) == 2"), entry_point="add")
    hidden = (AssertSuite(("assert add(5, 5) == 10",), entry_point="add"),)
    problem = Problem(f"add {word}".strip(), f"Add two numbers. {word}", "add", visible=tests, hidden=hidden)
    return NewJob(problem, Options(model="openai:m", strategy=Strategy.LINEAR, budget=Budget(turns=turns)))


async def submit(store: Store, dispatcher: Dispatcher, *jobs: NewJob, owner: str = "") -> list[str]:
    accepted = await asyncio.to_thread(store.submit, owner, jobs)
    await dispatcher.wake([job.id for job in accepted])
    return [job.id for job in accepted]


async def until(true: Callable[[], bool]) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + PATIENCE_S
    while not await asyncio.to_thread(true):
        assert time.monotonic() < deadline, "it never came true"
        await asyncio.sleep(0.05)


async def ended(store: Store, dispatcher: Dispatcher, jobs: Sequence[str]) -> list[Job]:
    """Wait until these have ended."""
    found = []
    async with asyncio.timeout(PATIENCE_S):
        for job in jobs:
            with dispatcher.watch(job) as watch:
                while not (now := await asyncio.to_thread(store.job, job)) or not now.status.terminal:
                    await watch.wait(30.0)
                found.append(now)
    return found


def assert_whole(store: Store, job: str, *, status: Status = Status.SOLVED) -> None:
    """The job has ended so, once; its trajectory has no gap and no doubled turn."""
    found = store.job(job)
    assert found is not None
    assert found.status is status, found.reason
    stored = store.events(job)
    assert [event.seq for event in stored] == list(range(found.version))
    events = store.trajectory(job)
    assert isinstance(events[0], Submitted)
    steps = [event.step for event in events if isinstance(event, Completed | Executed)]
    assert steps == list(range(1, len(steps) + 1))
    times = [event.at_s for event in events]
    assert times == sorted(times)
    if status is Status.SOLVED:
        assert [event.kind for event in events[1:]] == ["completed", "executed", "completed", "executed", "graded"]
        assert isinstance(events[-1], Graded)
        assert events[-1].passed
