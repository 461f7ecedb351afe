"""Jobs and events for the store's tests."""

from selfdebug.events import Completed, Purpose
from selfdebug.generator import Completion, GenerationRequest, Message, Sampling
from selfdebug.options import Options
from selfdebug.problem import Problem
from selfdebug.service.records import Job, Lease, NewJob, Progress
from selfdebug.service.store import Store

PROGRESS = Progress(1, 20, 30, 0, 1, 2, 3)


def new(name: str = "p", webhook: str = "") -> NewJob:
    return NewJob(Problem(name, "Say \ud800 \0 ☃."), Options(model="m"), webhook)


def event(step: int = 1, at_s: float = 1.5) -> Completed:
    """An event with everything in it that a text column may choke on."""
    request = GenerationRequest((Message("user", "\ud800\0"),), Sampling())
    return Completed(step, Purpose.WRITE, request, Completion(("\udfff\0☃\U0001f600",), 20, 30, 0.5), at_s=at_s)


def running(store: Store, number: int = 1, owner: str = "a", webhook: str = "") -> tuple[Job, ...]:
    """Jobs that have been submitted and released."""
    jobs = store.submit(owner, [new(webhook=webhook)] * number)
    store.release(running=1_000_000)
    return tuple(filter(None, map(store.job, (job.id for job in jobs))))


def claimed(store: Store, job: Job, step: str = "g1", holder: str = "h", cap: int = 100) -> Lease:
    lease = store.claim(job.id, step, holder, cap=cap)
    assert lease is not None
    return lease
