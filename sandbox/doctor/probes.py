"""The doctor's probes: what each backend promises, the attack that tries it, and how it must end."""

from dataclasses import dataclass, field
from enum import StrEnum

from sandbox.doctor import attacks
from sandbox.types import Limits, Status

_LIMITS = Limits(wall_s=20.0, cpu_s=10.0, memory_bytes=128 * 2**20, processes=32)


class Kind(StrEnum):
    """What a probe is about."""

    VERDICT = "verdict"  # no program passes that does not solve the problem
    WALL = "wall"  # nothing outside the box is read, reached or changed
    LIMIT = "limit"  # nothing is used up


class Outcome(StrEnum):
    """How a probe ended."""

    HELD = "held"
    BROKEN = "broken"  # the promise was not kept
    UNKNOWN = "unknown"  # the probe could not be carried out


@dataclass(frozen=True)
class Probe:
    """One promise and the attack on it.

    Attributes:
        name: A stable name for machines.
        promise: What holds if the probe does, in a few words.
        program: Defines `attack(bait)`, which returns what it got; it must be judged by `== []`.
        expected: The statuses that keep the promise.
        broken: The statuses that break it; any other means that the attack could not be carried out.
        before: A program that is run first in the same job, and must pass.
    """

    name: str
    kind: Kind
    promise: str
    program: str
    expected: frozenset[Status] = frozenset({Status.PASSED})
    broken: frozenset[Status] = frozenset({Status.FAILED})
    before: str = ""
    limits: Limits = field(default=_LIMITS)

    def judge(self, status: Status) -> Outcome:
        """Say what a status means for the promise."""
        if status in self.expected:
            return Outcome.HELD
        return Outcome.BROKEN if status in self.broken else Outcome.UNKNOWN


_ALL = frozenset(Status)
_NOT_PASSED = _ALL - {Status.PASSED}


def _wall(name: str, promise: str, program: str, before: str = "") -> Probe:
    return Probe(name, Kind.WALL, promise, program, before=before)


def _limit(name: str, promise: str, program: str, status: Status, limits: Limits) -> Probe:
    return Probe(name, Kind.LIMIT, promise, program, frozenset({status}), _ALL - {status}, limits=limits)


def _verdict(name: str, promise: str, program: str, *, passes: bool) -> Probe:
    expected = frozenset({Status.PASSED}) if passes else _NOT_PASSED
    return Probe(name, Kind.VERDICT, promise, program, expected, _ALL - expected)


PROBES = (
    _verdict("honest", "an honest program passes", attacks.HONEST, passes=True),
    _verdict("liar", "a result equal to everything fails", attacks.LIAR, passes=False),
    _verdict("exit", "an exit with a forged report fails", attacks.EXIT, passes=False),
    _wall("read", "no file of the host is read", attacks.READ),
    _wall("write", "nothing outside scratch is written", attacks.WRITE),
    _wall("environment", "no host variable is seen", attacks.ENVIRONMENT),
    _wall("processes", "no host process is seen or ended", attacks.PROCESSES),
    _wall("network", "no network, no listener of the host", attacks.NETWORK),
    _wall("kernel", "risky system calls are refused", attacks.KERNEL),
    _wall("leftovers", "nothing is left for the next run", attacks.HARVEST, before=attacks.PLANT),
    _limit("forks", "a fork bomb is stopped", attacks.FORKS, Status.PROCESS_LIMIT,
           Limits(wall_s=20.0, cpu_s=10.0, processes=16)),
    _limit("memory", "too much memory is stopped", attacks.MEMORY, Status.MEMORY_LIMIT,
           Limits(wall_s=20.0, cpu_s=10.0, memory_bytes=64 * 2**20)),
    _limit("time", "too much time is stopped", attacks.TIME, Status.TIMEOUT, Limits(wall_s=10.0, cpu_s=0.5)),
    _limit("disk", "too much scratch is stopped", attacks.DISK, Status.SCRATCH_LIMIT,
           Limits(wall_s=20.0, cpu_s=10.0, scratch_bytes=4 * 2**20)),
)  # fmt: skip
