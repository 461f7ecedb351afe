"""Runs the probes in each backend, and sums up what they showed."""

import ast
import asyncio
import statistics
import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from sandbox.doctor.decoys import Decoys
from sandbox.doctor.machine import Machine, look
from sandbox.doctor.probes import PROBES, Kind, Outcome, Probe
from sandbox.errors import SandboxError, SandboxUnavailable
from sandbox.protocol import Sandbox
from sandbox.select import BACKENDS, DEFAULT, UnprotectedWarning, open_sandbox
from sandbox.types import AssertSuite, Execution

_WARM_RUNS = 5
_OPEN_S = 900.0  # the docker backend may have to pull and build its image first
_PROBE_S = 180.0  # far beyond any limit of a probe: the sandbox itself must be stuck
_DYING_S, _LOOK_S = 2.0, 0.02
_WITHOUT_WALLS = ("none",)

Factory = Callable[[], Sandbox]
Tell = Callable[[str, str], None]


@dataclass(frozen=True)
class Finding:
    """What one probe showed.

    Attributes:
        evidence: What got out, or why nothing could be tried; empty where the promise held.
    """

    probe: str
    kind: Kind
    promise: str
    outcome: Outcome
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class BackendReport:
    """What one backend is worth on this machine.

    Attributes:
        name: As it is asked for.
        walls: Whether it means to protect this machine; `none` does not.
        cure: Why it can't be used here, and what to do; empty where it can.
        cold_s: Seconds from opening the sandbox to its first answer; None where there was none.
        warm_s: Seconds of a further run in the same job, the median of several.
        findings: One for each probe; empty where the backend can't be used.
    """

    name: str
    walls: bool
    cure: str = ""
    cold_s: float | None = None
    warm_s: float | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether it runs at all."""
        return not self.cure

    @property
    def holds(self) -> bool:
        """Whether it runs and keeps every promise."""
        return self.usable and all(finding.outcome is Outcome.HELD for finding in self.findings)


@dataclass(frozen=True)
class Examination:
    """The machine, and every backend that was tried on it."""

    machine: Machine
    default: str
    backends: tuple[BackendReport, ...]


def known_backends() -> dict[str, Factory]:
    """Every way to open a sandbox, by name."""
    known: dict[str, Factory] = {name: partial(open_sandbox, name, boxes=1) for name in BACKENDS}
    if "docker" in known:
        known["docker+runsc"] = _open_with_gvisor
    return {name: known[name] for name in sorted(known, key=lambda name: (name in _WITHOUT_WALLS, name != DEFAULT))}


async def examine(
    names: Iterable[str] | None = None,
    *,
    backends: Mapping[str, Factory] | None = None,
    tell: Tell = lambda backend, promise: None,
) -> Examination:
    """Try some backends, one after the other.

    Args:
        names: Which; by default all.
        backends: How to open each; by default `known_backends()`.
        tell: Called with the names of backend and promise before each probe.

    Raises:
        KeyError: There is no backend of such a name.
    """
    known = known_backends() if backends is None else backends
    chosen = {name: known[name] for name in (known if names is None else dict.fromkeys(names))}
    machine = await look()
    reports = []
    for name, factory in chosen.items():
        with Decoys() as decoys:
            reports.append(await _Examiner(name, decoys, tell).examine(factory))
    return Examination(machine, DEFAULT, tuple(reports))


class _Examiner:
    """Tries one backend."""

    def __init__(self, name: str, decoys: Decoys, tell: Tell) -> None:
        self._name = name
        self._decoys = decoys
        self._tell = tell
        self._walls = name not in _WITHOUT_WALLS

    async def examine(self, factory: Factory) -> BackendReport:
        """Open it, run every probe, close it."""
        self._tell(self._name, "opening")
        began = time.monotonic()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UnprotectedWarning)
                sandbox = factory()
        except SandboxUnavailable as error:
            return BackendReport(self._name, self._walls, cure=str(error))
        try:
            async with asyncio.timeout(_OPEN_S):
                await sandbox.run(PROBES[0].program, self._suite(), PROBES[0].limits)
            cold_s = time.monotonic() - began
            warm_s = await self._warm_s(sandbox)
            findings = tuple([await self._finding(sandbox, probe) for probe in PROBES])
        except (SandboxError, TimeoutError) as error:
            return BackendReport(self._name, self._walls, cure=str(error) or "the sandbox does not answer")
        finally:
            await sandbox.close()
        return BackendReport(self._name, self._walls, cold_s=cold_s, warm_s=warm_s, findings=findings)

    def _suite(self) -> AssertSuite:
        return AssertSuite(("assert attack(bait) == []",), setup=self._decoys.setup(), entry_point="attack")

    async def _warm_s(self, sandbox: Sandbox) -> float:
        took = []
        async with asyncio.timeout(_PROBE_S), sandbox.job() as job:
            for _ in range(1 + _WARM_RUNS):
                began = time.monotonic()
                await job.run(PROBES[0].program, self._suite(), PROBES[0].limits)
                took.append(time.monotonic() - began)
        return statistics.median(took[1:])

    async def _finding(self, sandbox: Sandbox, probe: Probe) -> Finding:
        self._tell(self._name, probe.promise)
        try:
            async with asyncio.timeout(_PROBE_S):
                outcome, evidence = await self._try(sandbox, probe)
        except (SandboxError, TimeoutError) as error:
            outcome, evidence = Outcome.UNKNOWN, (str(error) or "the sandbox does not answer",)
        touched = self._decoys.touched()
        if touched:
            outcome, evidence = Outcome.BROKEN, (*touched, *evidence)
        return Finding(probe.name, probe.kind, probe.promise, outcome, evidence)

    async def _try(self, sandbox: Sandbox, probe: Probe) -> tuple[Outcome, tuple[str, ...]]:
        async with sandbox.job() as job:
            if probe.before:
                first = await job.run(probe.before, self._suite(), probe.limits)
                if not first.passed:
                    return Outcome.UNKNOWN, _told(first)
                left = await self._left()
                if left:
                    return Outcome.BROKEN, tuple(f"process {number} still runs" for number in left)
            execution = await job.run(probe.program, self._suite(), probe.limits)
        outcome = probe.judge(execution.status)
        return outcome, () if outcome is Outcome.HELD else _told(execution)

    async def _left(self) -> list[int]:
        """The processes that a run left; what was killed may take a moment to disappear."""
        end = time.monotonic() + _DYING_S
        while (left := self._decoys.left()) and time.monotonic() < end:  # noqa: ASYNC110 (other processes)
            await asyncio.sleep(_LOOK_S)
        return left


def _told(execution: Execution) -> tuple[str, ...]:
    """What an execution shows of an attack."""
    test = execution.tests[0] if execution.tests else None
    if test is not None and test.actual is not None:
        return _items(test.actual)
    exception = execution.exception or (test.exception if test else None)
    if exception is not None and (exception.type or exception.message):
        return (": ".join(filter(None, [exception.type, exception.message])),)
    return ((test.message if test else "") or execution.status.value.replace("_", " "),)


def _items(actual: str) -> tuple[str, ...]:
    """The members of a list of texts, as it was shown; the whole where it was cut."""
    try:
        found = ast.literal_eval(actual)
    except (ValueError, SyntaxError):
        return (actual,)
    return tuple(map(str, found)) if isinstance(found, list) else (actual,)


def _open_with_gvisor() -> Sandbox:
    opener: Any = open_sandbox  # the option is the docker backend's alone
    sandbox: Sandbox = opener("docker", boxes=1, runtime="runsc")
    return sandbox
