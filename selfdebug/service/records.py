"""What the store holds, as plain frozen data. All times are aware, in UTC."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from selfdebug.options import Options
from selfdebug.problem import Problem


class Status(StrEnum):
    """Where a job stands. The last four are for ever."""

    QUEUED = "queued"
    RUNNING = "running"
    SOLVED = "solved"
    UNSOLVED = "unsolved"
    FAILED = "failed"  # the service could not work on it; says nothing about the problem
    CANCELLED = "cancelled"

    @property
    def terminal(self) -> bool:
        return self not in (Status.QUEUED, Status.RUNNING)


class Scope(StrEnum):
    """What an API key may do."""

    SUBMIT = "submit"
    READ = "read"
    ADMIN = "admin"  # all of it, on everybody's jobs


@dataclass(frozen=True)
class NewJob:
    """A job to be accepted.

    Attributes:
        webhook: Where to tell that it has ended; empty for nowhere.
    """

    problem: Problem
    options: Options
    webhook: str = ""


@dataclass(frozen=True)
class Progress:
    """What a job has come to, kept beside its events so that a list of jobs need not fold them.

    Attributes:
        best: The turn of the best candidate so far; 0 while there is none.
        tests_passed, tests_total: Of the visible tests, by that candidate.
    """

    turns: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    executions: int = 0
    best: int = 0
    tests_passed: int = 0
    tests_total: int = 0


@dataclass(frozen=True)
class Job:
    """A job without its events.

    Attributes:
        id: Sorts by the time of acceptance.
        owner: The id of the API key that it was submitted with; empty where no key was asked for.
        problem: The problem's own name.
        version: How many events it has; the last one's sequence number is one less.
        revision: Rises with every change of the row.
        reason: Why it ended as it did, for a reader.
    """

    id: str
    owner: str
    problem: str
    model: str
    status: Status
    reason: str
    webhook: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    version: int
    revision: int
    progress: Progress


@dataclass(frozen=True)
class StoredEvent:
    """One event of a job: `seq` counts from 0 without gaps, `event` is the line of a trajectory file."""

    job: str
    seq: int
    event: str
    at: datetime


@dataclass(frozen=True)
class Lease:
    """The right to carry one step of a job out, and to write its result.

    Attributes:
        step: `g3`, `x4`: the loop's action of that number, a generation or an execution; `grade2`: the hidden tests
            on the candidate of turn 2.
        fence: Rises with every claim of the step; only the highest may write.
        deliveries: How often the step has been claimed, this time included, without having been handed back.
        error: What the delivery before this one gave up for; empty where there was none, or it ended without a word.
    """

    job: str
    step: str
    fence: int
    deliveries: int
    error: str = ""


@dataclass(frozen=True)
class End:
    """Nothing is to be done for a job any more. `reason` is empty where it is solved."""

    status: Status
    reason: str = ""


@dataclass(frozen=True)
class Held:
    """A lease as the sweep sees it: it lives while `beat` changes."""

    job: str
    step: str
    fence: int
    beat: int
    holder: str


@dataclass(frozen=True)
class Key:
    """An API key; its secret is nowhere.

    Attributes:
        rate_per_minute: Requests; 0 for no limit.
        concurrent_jobs: The most of its jobs that run at once; 0 for no limit.
    """

    id: str
    name: str
    scopes: frozenset[Scope]
    rate_per_minute: int
    concurrent_jobs: int
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True)
class Hook:
    """A webhook that has to be delivered."""

    job: str
    url: str
    attempts: int
