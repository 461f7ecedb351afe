"""The floor: a fresh interpreter for each program joined with its tests, and nothing else."""

import os
import select
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.speed.peers.job import Judged, PeerJob


def judge(job: PeerJob) -> Judged:
    """Start the interpreter as a user does."""
    return _judge(job, ())


def judge_bare(job: PeerJob) -> Judged:
    """Start it without `site`, which is most of its start."""
    return _judge(job, ("-I", "-S"))


def _judge(job: PeerJob, flags: tuple[str, ...]) -> Judged:
    with TemporaryDirectory(prefix="plain-") as folder, ThreadPoolExecutor(job.workers) as pool:
        paths = []
        for index, script in enumerate(job.scripts()):
            path = Path(folder, f"{index}.py")
            path.write_text(script, encoding="utf-8")
            paths.append(path)
        started = time.perf_counter()
        passed = tuple(pool.map(lambda path: _passes(path, flags, job.timeout_s, folder), paths))
        return Judged(time.perf_counter() - started, passed)


def _passes(path: Path, flags: tuple[str, ...], timeout_s: float, folder: str) -> bool:
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(
        [sys.executable, *flags, str(path)], stdin=quiet, stdout=quiet, stderr=quiet, cwd=folder, env={}
    )
    # Not `wait(timeout)`, which sleeps up to 50 ms between looks: longer than most programs take.
    watched = os.pidfd_open(process.pid)
    try:
        if not select.select([watched], [], [], timeout_s)[0]:
            process.kill()
    finally:
        os.close(watched)
    return process.wait() == 0
