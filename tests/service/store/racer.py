"""One process of several that use one store, for tests of races and of kills: `racer.py URL (drain|write) [RUNNING]`.

Prints one line of JSON for each thing that the store has acknowledged.
"""

import json
import sys
import time

from selfdebug.events import TimedOut
from selfdebug.options import Options
from selfdebug.problem import Problem
from selfdebug.service.records import NewJob, Progress, Status
from selfdebug.service.settings import Settings
from selfdebug.service.store import Stale, Store, open_store


def say(what: str, about: str = "") -> None:
    print(json.dumps([what, about]), flush=True)


def work(store: Store, job: str) -> None:
    """Try to carry one step of a job out, and to end it."""
    lease = store.claim(job, "g1", "racer", cap=100)
    if lease is None:
        return
    say("claimed", job)
    try:
        store.complete(lease, [TimedOut()], Progress(turns=1))
    except Stale:
        return
    say("completed", job)
    if store.finish(job, Status.SOLVED):
        say("finished", job)


def drain(store: Store, running: int) -> None:
    """Release and work until nothing is left. Every running job is tried, whoever released it."""
    while True:
        for job in store.release(running=running):
            say("released", job.id)
        open_jobs = store.jobs(status=[Status.RUNNING], limit=running + 1)
        say("running", str(len(open_jobs)))
        for job in open_jobs:
            work(store, job.id)
        if not store.jobs(status=[Status.QUEUED, Status.RUNNING], limit=1):
            return
        time.sleep(0.001)


def write(store: Store) -> None:
    """Submit, release, claim and complete without end."""
    step = 0
    while True:
        step += 1
        new = NewJob(Problem(f"p{step}", "x" * 5000), Options(model="m"))
        (job,) = store.submit("a", [new])
        say("submitted", job.id)
        store.release(running=1_000_000)
        work(store, job.id)


if __name__ == "__main__":
    opened = open_store(Settings(database_url=sys.argv[1]))
    say("open")
    if sys.argv[2] == "drain":
        drain(opened, int(sys.argv[3]))
    else:
        write(opened)
