"""evalplus's executor: `untrusted_check` in a pool of processes, as its `evaluate` calls it.

evalplus compares outputs with expected outputs. Where every assert of a problem says `candidate(...) == value`, it
gets those inputs and values. Other tests can't be said that way: there the program is joined with the tests, into a
function of no arguments that must return True.
"""

import os
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

from evalplus.eval import PASS, untrusted_check

from benchmarks.speed.peers.expectations import expected_outputs
from benchmarks.speed.peers.job import Judged, PeerJob, PeerTest

_JOINED = "passes_its_tests"


@dataclass(frozen=True)
class _Question:
    """What evalplus is asked about a program."""

    entry_point: str
    inputs: list[list[Any]]
    expected: list[Any]
    joined: str = ""  # to be put behind the program


def judge(job: PeerJob) -> Judged:
    """Judge as its command does, without the details of each test; its workers are started beforehand."""
    os.environ.pop("EVALPLUS_TIMEOUT_PER_TASK", None)  # evalplus 0.3.1 can't read it
    questions = {name: _question(test) for name, test in job.tests.items()}
    with ProcessPoolExecutor(job.workers) as pool:
        for started in [pool.submit(os.getpid) for _ in range(job.workers)]:
            started.result()
        began = time.perf_counter()
        futures = [pool.submit(_passes, text, questions[name], job.timeout_s) for name, text in job.programs]
        passed = tuple(future.result() for future in futures)
        return Judged(time.perf_counter() - began, passed)


def _passes(program: str, question: _Question, timeout_s: float) -> bool:
    status, _ = untrusted_check(
        dataset="humaneval",
        code=program + question.joined,
        inputs=question.inputs,
        entry_point=question.entry_point,
        expected=question.expected,
        atol=0,
        ref_time=[0.0] * len(question.inputs),
        fast_check=True,
        min_time_limit=timeout_s,
    )
    return bool(status == PASS)


def _question(test: PeerTest) -> _Question:
    pairs = expected_outputs(test)
    if pairs:
        inputs, expected = [list(each) for each in zip(*pairs, strict=True)]
        return _Question(test.entry_point, inputs, expected)
    tail = f"\n{test.source}\ndef {_JOINED}():\n    check({test.entry_point})\n    return True\n"
    return _Question(_JOINED, [[]], [True], tail)
