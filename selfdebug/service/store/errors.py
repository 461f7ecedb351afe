"""What the store refuses, and what can go wrong with it.

SelfDebugError
├── StoreUnavailable    the database cannot be reached, is full or is damaged; nothing was acknowledged
│   └── OtherSchema     its schema is not of this version
├── QueueFull           as many jobs wait or run as may; nothing was accepted
├── Conflict            an idempotency key was used before, for something else
└── Stale               a result came too late: another holds the step, or the job has ended
"""

from selfdebug.errors import SelfDebugError


class StoreUnavailable(SelfDebugError):
    """The database cannot do what was asked, now; the message says why."""


class OtherSchema(StoreUnavailable):
    """The database has to be migrated, or belongs to a newer version; the message says what to do."""


class QueueFull(SelfDebugError):
    """The queue has no room.

    Attributes:
        waiting: How many jobs wait or run.
        limit: How many may.
    """

    def __init__(self, waiting: int, limit: int) -> None:
        self.waiting, self.limit = waiting, limit
        super().__init__(f"{waiting} jobs wait or run, and at most {limit} may; try again later")


class Conflict(SelfDebugError):
    """An idempotency key came again with another body."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"the idempotency key {key!r} was used before with another body; use a new key")


class Stale(SelfDebugError):
    """A step's result is not taken: somebody else holds the step or has done it, or the job has ended."""
