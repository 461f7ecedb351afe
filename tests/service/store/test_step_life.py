"""The life of a job's steps against a model of it that fits on a page: any order of calls, by any number of workers."""

from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from selfdebug.events import Cancelled
from selfdebug.service.records import Held, Lease, Status
from selfdebug.service.store import Stale, Store

from .made import PROGRESS, event, new

CAP = 3
STEPS = st.sampled_from(["g1", "x2"])
ENDS = st.sampled_from([Status.SOLVED, Status.UNSOLVED, Status.FAILED])
WHICH = st.integers(0, 20)


@dataclass
class Step:
    """What is to be expected of one step."""

    fence: int = 0
    deliveries: int = 0
    beats: int = 0
    held: bool = False
    done: bool = False
    error: str = ""


@dataclass
class Life:
    """What is to be expected of the job."""

    status: Status = Status.QUEUED
    kinds: list[str] = field(default_factory=lambda: ["submitted"])
    steps: dict[str, Step] = field(default_factory=dict)

    def end(self, status: Status) -> None:
        self.status = status
        for step in self.steps.values():
            step.held = False

    def holds(self, lease: Lease) -> bool:
        step = self.steps[lease.step]
        return step.held and step.fence == lease.fence


class StepLife(RuleBasedStateMachine):
    """One job; its workers remember every lease that they ever had, and the sweep everything that it ever saw."""

    store: Store

    def __init__(self) -> None:
        super().__init__()
        (job,) = self.store.submit("a", [new(webhook="https://example.org")])
        self.job = job.id
        self.life = Life()
        self.leases: list[Lease] = []
        self.seen: list[Held] = []

    @precondition(lambda self: self.life.status is Status.QUEUED)
    @rule()
    def release(self) -> None:
        assert [job.id for job in self.store.release(running=1)] == [self.job]
        self.life.status = Status.RUNNING

    @rule(name=STEPS)
    def claim(self, name: str) -> None:
        lease = self.store.claim(self.job, name, "h", cap=CAP)
        step = self.life.steps.get(name, Step())
        if self.life.status is not Status.RUNNING or step.held or step.done:
            assert lease is None
        elif step.deliveries >= CAP:
            assert lease is None
            self.life.end(Status.FAILED)
        else:
            step.fence, step.deliveries, step.held = step.fence + 1, step.deliveries + 1, True
            assert lease == Lease(self.job, name, step.fence, step.deliveries, step.error)
            step.error = ""
            self.life.steps[name] = step
            self.leases.append(lease)

    @precondition(lambda self: self.leases)
    @rule(which=WHICH)
    def beat(self, which: int) -> None:
        lease = self.leases[which % len(self.leases)]
        assert self.store.beat(lease) == self.life.holds(lease)
        self.life.steps[lease.step].beats += self.life.holds(lease)

    @rule()
    def beat_all(self) -> None:
        assert self.store.beat_all(self.leases) == {lease for lease in self.leases if self.life.holds(lease)}
        for step in self.life.steps.values():
            step.beats += step.held

    @precondition(lambda self: self.leases)
    @rule(which=WHICH)
    def complete(self, which: int) -> None:
        lease = self.leases[which % len(self.leases)]
        step = self.life.steps[lease.step]
        if step.fence != lease.fence or (not step.done and self.life.status is not Status.RUNNING):
            with pytest.raises(Stale):
                self.store.complete(lease, [event()], PROGRESS)
            return
        if not step.done:
            self.life.kinds.append("completed")
        step.done, step.held = True, False
        assert self.store.complete(lease, [event()], PROGRESS).version == len(self.life.kinds)

    @precondition(lambda self: self.leases)
    @rule(which=WHICH, counted=st.booleans())
    def free(self, which: int, counted: bool) -> None:
        lease = self.leases[which % len(self.leases)]
        if self.life.holds(lease):
            step = self.life.steps[lease.step]
            step.held = False
            step.deliveries -= not counted
            step.error = f"error {step.deliveries}" if counted else lease.error
        if counted:
            self.store.give_up(lease, f"error {lease.deliveries}")
        else:
            self.store.hand_back(lease)

    @rule()
    def see(self) -> None:
        self.seen += self.store.held()

    @precondition(lambda self: self.seen)
    @rule(which=WHICH)
    def expire(self, which: int) -> None:
        seen = self.seen[which % len(self.seen)]
        step = self.life.steps[seen.step]
        dead = step.held and step.fence == seen.fence and step.beats == seen.beat
        assert self.store.expire(seen) == dead
        step.held = step.held and not dead

    @rule(status=ENDS)
    def finish(self, status: Status) -> None:
        ended = self.store.finish(self.job, status, "because")
        assert (ended is None) == self.life.status.terminal
        if ended:
            self.life.end(status)

    @rule()
    def cancel(self) -> None:
        ended = self.store.cancel(self.job)
        assert (ended is None) == self.life.status.terminal
        if ended:
            self.life.kinds.append(Cancelled().kind)
            self.life.end(Status.CANCELLED)

    @invariant()
    def the_store_agrees(self) -> None:
        job = self.store.job(self.job)
        assert job is not None
        assert (job.status, job.version) == (self.life.status, len(self.life.kinds))
        assert [stored.kind for stored in self.store.trajectory(self.job)] == self.life.kinds
        assert [stored.seq for stored in self.store.events(self.job)] == list(range(job.version))
        held = {(each.step, each.fence, each.beat) for each in self.store.held()}
        assert held == {(name, step.fence, step.beats) for name, step in self.life.steps.items() if step.held}
        assert (self.job in {idle.id for idle in self.store.idle()}) == (job.status is Status.RUNNING and not held)

    def teardown(self) -> None:
        self.store.finish(self.job, Status.FAILED)
        assert [hook.job for hook in self.store.due_hooks()] == [self.job]


def test_steps_live_as_the_model_says(store: Store) -> None:
    class InThisStore(StepLife):
        pass

    InThisStore.store = store
    how = settings(max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(InThisStore, settings=how)
