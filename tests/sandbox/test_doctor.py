"""The doctor: what it finds in a real sandbox, in none, and in one that leaks or can't be had."""

import ctypes
import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from sandbox.boxed import BoxedSandbox
from sandbox.bubblewrap import Bubblewrap
from sandbox.doctor import PROBES, BackendReport, Kind, Outcome, attacks, examine, known_backends
from sandbox.doctor.decoys import Decoys
from sandbox.protocol import Sandbox
from sandbox.select import BACKENDS, DEFAULT, UnprotectedWarning, open_sandbox
from sandbox.types import AssertSuite
from sandbox.unprotected import Unprotected

WALLS = {probe.name for probe in PROBES if probe.kind is Kind.WALL}


async def examined(name: str, factory: Callable[[], Sandbox]) -> BackendReport:
    examination = await examine(backends={name: factory})
    (report,) = examination.backends
    return report


def outcomes(report: BackendReport, outcome: Outcome) -> set[str]:
    return {finding.probe for finding in report.findings if finding.outcome is outcome}


async def test_the_default_sandbox_holds_everything() -> None:
    told: list[tuple[str, str]] = []
    examination = await examine([DEFAULT], tell=lambda backend, promise: told.append((backend, promise)))
    (report,) = examination.backends
    assert [finding for finding in report.findings if finding.outcome is not Outcome.HELD] == []
    assert [finding.probe for finding in report.findings] == [probe.name for probe in PROBES]
    assert report.holds
    assert report.walls
    assert report.cold_s is not None
    assert report.warm_s is not None
    assert [promise for _, promise in told][-len(PROBES) :] == [probe.promise for probe in PROBES]


@pytest.mark.parametrize("name", ["none", "leaky"])
async def test_what_has_no_walls_is_seen_through(name: str) -> None:
    report = await examined(name, lambda: BoxedSandbox(Unprotected(), boxes=1))
    assert report.usable
    assert not report.holds
    assert report.walls is (name == "leaky")
    assert outcomes(report, Outcome.BROKEN) >= {"read", "write", "environment", "processes", "network", "leftovers"}
    verdicts = {finding.outcome for finding in report.findings if finding.kind is Kind.VERDICT}
    assert verdicts == {Outcome.HELD}
    assert all(finding.evidence for finding in report.findings if finding.outcome is not Outcome.HELD)
    evidence = {finding.probe: " ".join(finding.evidence) for finding in report.findings}
    assert "written was written" in evidence["write"]  # the host's own word, not the attack's
    assert "a process of the host was ended" in evidence["processes"]
    assert "the listener at 127.0.0.1 port" in evidence["network"]


async def test_nothing_of_the_doctor_is_left(named: Callable[[str], list[int]]) -> None:
    variables = dict(os.environ)
    sandbox = BoxedSandbox(Unprotected(), boxes=1)
    suite = AssertSuite(("assert attack(bait) == []",), entry_point="attack")
    with Decoys() as decoys:
        bait = decoys.bait
        planted = [f"{place}/{bait.seed}" for place in bait.places[1:]]
        written = [f"{folder}/written" for folder in bait.folders]
        for program in (attacks.PLANT, attacks.WRITE):
            await sandbox.run(program, replace(suite, setup=decoys.setup()))
        assert any(map(os.path.exists, planted))
        assert all(map(os.path.exists, written))
        assert os.environ != variables
        os.kill(bait.victim, 0)
    await sandbox.close()
    assert list(filter(os.path.exists, [*planted, *bait.folders])) == []
    assert ctypes.CDLL(None).shmget(bait.key, 0, 0) == -1
    assert named(bait.seed) == []
    assert dict(os.environ) == variables
    with pytest.raises(ProcessLookupError):
        os.kill(bait.victim, 0)


async def test_a_backend_that_is_refused_tells_its_cure(tmp_path: Path) -> None:
    bwrap = tmp_path / "bwrap"
    bwrap.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    bwrap.chmod(0o755)
    report = await examined("bubblewrap", lambda: BoxedSandbox(Bubblewrap(str(bwrap)), boxes=1))
    assert not report.usable
    assert not report.holds
    assert "No permissions to create new namespace" in report.cure
    assert "--sandbox none" in report.cure
    assert (report.cold_s, report.warm_s, report.findings) == (None, None, ())


async def test_a_backend_that_breaks_down_is_not_usable(tmp_path: Path) -> None:
    bwrap = tmp_path / "bwrap"
    bwrap.write_text(
        "#!/bin/sh\nfor word; do case $word in --info-fd) take=1;; *) [ $take ] && fd=$word; take=;; esac; done\n"
        'echo "{\\"child-pid\\": $$}" > /proc/self/fd/$fd\nread line\necho ready\n'
    )
    bwrap.chmod(0o755)
    report = await examined("bubblewrap", lambda: BoxedSandbox(Bubblewrap(str(bwrap)), boxes=1))
    assert "not JSON" in report.cure
    assert report.findings == ()


async def test_no_backend_of_that_name() -> None:
    report = await examined("glass", partial(open_sandbox, "glass"))
    assert "there is no sandbox 'glass'" in report.cure
    with pytest.raises(KeyError):
        await examine(["glass"])


@pytest.mark.filterwarnings(f"ignore::{UnprotectedWarning.__module__}.{UnprotectedWarning.__name__}")
def test_every_backend_is_known() -> None:
    known = known_backends()
    assert next(iter(known)) == DEFAULT
    assert set(known) >= set(BACKENDS)
    for name in BACKENDS:
        assert known[name]().isolation


async def test_the_machine_is_described() -> None:
    machine = (await examine([])).machine
    assert machine.system.split()[0] == os.uname().sysname
    assert machine.user == os.geteuid()
    assert machine.processors >= 1
    assert machine.bwrap is not None
    assert machine.bwrap[1][0].isdigit()
    assert bool(machine.engine.version) != bool(machine.engine.problem)
