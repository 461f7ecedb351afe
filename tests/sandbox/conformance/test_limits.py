"""Each limit ends a candidate with its own status, on every backend."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from sandbox.errors import SandboxCrashed
from sandbox.protocol import Sandbox
from sandbox.types import AssertSuite, Execution, Limits, Status

Run = Callable[..., Awaitable[Execution]]
Eventually = Callable[[Callable[[], bool]], Awaitable[None]]
Marked = Callable[[str], list[int]]
SHORT = Limits(wall_s=1, cpu_s=1)


@pytest.mark.parametrize(
    "program",
    [
        "import time\ndef f():\n    time.sleep(60)\n",
        "def f():\n    while True: pass\n",
        "import time\ntime.sleep(60)\n",
    ],
    ids=["sleeps", "spins", "sleeps while it loads"],
)
async def test_time(run: Run, program: str) -> None:
    assert (await run(program, "assert f() == 1", limits=SHORT)).status is Status.TIMEOUT


async def test_memory(run: Run) -> None:
    program = "def f():\n    return len(bytearray(2**30))\n"
    assert (await run(program, "assert f() == 2**30", limits=Limits(memory_bytes=128 * 2**20))).status is (
        Status.MEMORY_LIMIT
    )


async def test_output(run: Run) -> None:
    program = "def f():\n    while True: print('x' * 10**6)\n"
    execution = await run(program, "assert f() == 1", limits=Limits(wall_s=20, cpu_s=20, output_bytes=2**16))
    assert execution.status is Status.OUTPUT_LIMIT
    assert len(execution.stdout) <= 2**17


def hides_its_processes(sandbox: Sandbox) -> bool:
    """Whether the candidate's processes are those of a kernel of its own, gVisor's."""
    return sandbox.isolation == "docker+runsc"


@pytest.mark.parametrize(
    ("program", "status"),
    [
        ("def f():\n    kept = [open('/dev/null') for n in range(500)]\n", Status.OPEN_FILES_LIMIT),
        ("def f():\n    open('x', 'wb').write(b'x' * 2**21)\n", Status.FILE_SIZE_LIMIT),
        ("def f():\n    for n in range(9):\n        open(str(n), 'wb').write(b'x' * 2**19)\n", Status.SCRATCH_LIMIT),
        ("def f():\n    for n in range(500):\n        open(str(n), 'wb').close()\n", Status.SCRATCH_LIMIT),
        (
            "import threading, time\ndef f():\n    for n in range(40):\n"
            "        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n    time.sleep(60)",
            Status.PROCESS_LIMIT,
        ),
    ],
    ids=["descriptors", "one file", "bytes in all", "files in all", "threads"],
)
async def test_everything_else(run_walled: Run, program: str, status: Status) -> None:
    limits = Limits(processes=16, open_files=64, file_bytes=2**20, scratch_bytes=2**21, scratch_files=100)
    assert (await run_walled(program, "assert f() == 1", limits=limits)).status is status


async def test_a_fork_bomb_is_ended(run_walled: Run, walls: Sandbox, named: Marked, eventually: Eventually) -> None:
    name = f"bomb-{os.getpid()}"
    program = (
        "import os, time\ndef f():\n"
        f"    import ctypes; ctypes.CDLL(None).prctl(15, {name.encode()!r}, 0, 0, 0)\n"
        "    for born in range(500):\n"
        "        try:\n            if os.fork() == 0: time.sleep(600)\n"
        "        except OSError: pass\n"
        "        time.sleep(0.05)\n"
        "    return born\n"
    )
    limits = Limits(wall_s=20, cpu_s=20, processes=16)
    running = asyncio.create_task(run_walled(program, "assert f() <= 16", limits=limits))
    most = 0
    while not running.done():
        most = max(most, len(named(name)))
        await asyncio.sleep(0.01)
    assert (await running).status is Status.PROCESS_LIMIT
    assert 4 < most <= 17 or hides_its_processes(walls)
    await eventually(lambda: not named(name))


async def test_a_tree_of_forks_is_felled(
    run_walled: Run, walls: Sandbox, named: Marked, eventually: Eventually
) -> None:
    name = f"tree-{os.getpid()}"
    program = (
        "import os\ndef f():\n"
        f"    import ctypes; ctypes.CDLL(None).prctl(15, {name.encode()!r}, 0, 0, 0)\n"
        "    import time; time.sleep(1)\n"  # the first is seen, however busy the machine is
        "    while True:\n        try: os.fork()\n        except OSError: pass\n"
    )
    running = asyncio.create_task(run_walled(program, "assert f() == 1", limits=Limits(wall_s=6, cpu_s=20)))
    most = 0
    while not running.done():
        most = max(most, len(named(name)))
        await asyncio.sleep(0.02)
    assert not (await running).passed
    assert 0 < most <= Limits().processes + 8 or hides_its_processes(walls)  # the last never got to run
    await eventually(lambda: not named(name))


DAEMON = """
import os, subprocess, sys, time
def f():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execv(sys.executable, [sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)", {mark!r}])
        os._exit(0)
    time.sleep({sleep})
    return 1
"""


def daemon(mark: str, sleep: float) -> str:
    return DAEMON.format(mark=mark, sleep=sleep)


async def test_daemons_are_gone_after_the_run(
    run: Run, sandbox: Sandbox, marked: Marked, eventually: Eventually
) -> None:
    mark = f"daemon-{os.getpid()}"
    running = asyncio.create_task(run(daemon(mark, 1), "assert f() == 1"))
    if not hides_its_processes(sandbox):
        await eventually(lambda: bool(marked(mark)))
    assert (await running).passed
    await eventually(lambda: not marked(mark))


async def test_cancelling_kills_everything(run: Run, sandbox: Sandbox, marked: Marked, eventually: Eventually) -> None:
    mark = f"cancelled-{os.getpid()}"
    running = asyncio.create_task(run(daemon(mark, 600), "assert f() == 1", limits=Limits(wall_s=600, cpu_s=600)))
    if hides_its_processes(sandbox):
        await asyncio.sleep(5)
    else:
        await eventually(lambda: bool(marked(mark)))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await eventually(lambda: not marked(mark))


async def test_closing_kills_everything(sandbox: Sandbox, marked: Marked, eventually: Eventually) -> None:
    mark = f"closed-{os.getpid()}"
    suite, limits = AssertSuite(("assert f() == 1",)), Limits(wall_s=600, cpu_s=600)
    running = asyncio.create_task(sandbox.run(daemon(mark, 600), suite, limits))
    if hides_its_processes(sandbox):
        await asyncio.sleep(5)
    else:
        await eventually(lambda: bool(marked(mark)))
    await sandbox.close()
    with pytest.raises(SandboxCrashed):
        await running
    await eventually(lambda: not marked(mark))


async def test_the_host_keeps_no_process_and_no_descriptor(run: Run, eventually: Eventually) -> None:
    def state() -> tuple[list[str], int]:
        listed = Path(f"/proc/{os.getpid()}/task").glob("*/children")
        return [file.read_text() for file in listed if file.read_text()], len(os.listdir("/proc/self/fd"))

    for _ in range(8):  # a pool of connections to an engine is full at some time
        await run("x = 1", "assert x == 1")
    before = state()
    for program in ("x = 1", "x = 2", "import os; os._exit(0)") * 4:
        await run(program, "assert x == 1")
    await eventually(lambda: state()[0] == before[0] and state()[1] <= before[1])


async def test_the_first_candidate_of_a_box_may_recurse_as_deep_as_those_after_it(sandbox: Sandbox) -> None:
    program = (
        "def f():\n    def g(n):\n        try:\n            return g(n + 1)\n        except RecursionError:\n"
        "            return n\n    return g(0)\n"
    )
    async with sandbox.job() as job:
        suite = AssertSuite(("assert f() == 0",), entry_point="f")
        said = [(await job.run(program, suite)).tests[0].actual for _ in range(3)]
    assert int(said[0] or 0) > 900
    assert len(set(said)) == 1
