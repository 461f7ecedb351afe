"""Each limit ends a candidate with its own status, on every backend."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from sandbox.errors import SandboxCrashed
from sandbox.interpreter import this_interpreter
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


async def test_a_fork_bomb_stays_in_its_box(run_walled: Run, named: Marked, eventually: Eventually) -> None:
    name = f"bomb-{os.getpid()}"
    program = (
        "import os, time\ndef f():\n"
        f"    open('/proc/self/comm', 'w').write({name!r})\n"
        "    end, born = time.time() + 2, 0\n"
        "    while time.time() < end and born < 500:\n"
        "        try:\n            if os.fork() == 0: time.sleep(600)\n            born += 1\n"
        "        except OSError: time.sleep(0.01)\n"
        "    return born\n"
    )
    limits = Limits(wall_s=20, cpu_s=20, processes=16)
    running = asyncio.create_task(run_walled(program, "assert f() <= 16", limits=limits))
    await eventually(lambda: len(named(name)) > 4)
    execution = await running
    assert execution.passed, execution
    await eventually(lambda: not named(name))


async def test_a_tree_of_forks_is_felled(run_walled: Run, named: Marked, eventually: Eventually) -> None:
    name = f"tree-{os.getpid()}"
    program = (
        "import os\ndef f():\n"
        f"    open('/proc/self/comm', 'w').write({name!r})\n"
        "    while True:\n        try: os.fork()\n        except OSError: pass\n"
    )
    running = asyncio.create_task(run_walled(program, "assert f() == 1", limits=Limits(wall_s=2, cpu_s=20)))
    most = 0
    while not running.done():
        most = max(most, len(named(name)))
        await asyncio.sleep(0.02)
    assert not (await running).passed
    assert 1 < most <= Limits().processes
    await eventually(lambda: not named(name))


DAEMON = """
import os, subprocess, sys, time
def f():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execv({python!r}, [{python!r}, "-I", "-S", "-c", "import time; time.sleep(600)", {mark!r}])
        os._exit(0)
    time.sleep({sleep})
    return 1
"""


def daemon(mark: str, sleep: float) -> str:
    return DAEMON.format(python=this_interpreter().executable, mark=mark, sleep=sleep)


async def test_daemons_are_gone_after_the_run(run: Run, marked: Marked, eventually: Eventually) -> None:
    mark = f"daemon-{os.getpid()}"
    running = asyncio.create_task(run(daemon(mark, 1), "assert f() == 1"))
    await eventually(lambda: bool(marked(mark)))
    assert (await running).passed
    await eventually(lambda: not marked(mark))


async def test_cancelling_kills_everything(run: Run, marked: Marked, eventually: Eventually) -> None:
    mark = f"cancelled-{os.getpid()}"
    running = asyncio.create_task(run(daemon(mark, 600), "assert f() == 1", limits=Limits(wall_s=600, cpu_s=600)))
    await eventually(lambda: bool(marked(mark)))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await eventually(lambda: not marked(mark))


async def test_closing_kills_everything(sandbox: Sandbox, marked: Marked, eventually: Eventually) -> None:
    mark = f"closed-{os.getpid()}"
    suite, limits = AssertSuite(("assert f() == 1",)), Limits(wall_s=600, cpu_s=600)
    running = asyncio.create_task(sandbox.run(daemon(mark, 600), suite, limits))
    await eventually(lambda: bool(marked(mark)))
    await sandbox.close()
    with pytest.raises(SandboxCrashed):
        await running
    await eventually(lambda: not marked(mark))


async def test_the_host_keeps_no_process_and_no_descriptor(run: Run) -> None:
    def state() -> tuple[list[str], int]:
        listed = Path(f"/proc/{os.getpid()}/task").glob("*/children")
        return [file.read_text() for file in listed if file.read_text()], len(os.listdir("/proc/self/fd"))

    await run("x = 1", "assert x == 1")
    await asyncio.sleep(0)
    before = state()
    for program in ("x = 1", "x = 2", "import os; os._exit(0)"):
        await run(program, "assert x == 1")
    await asyncio.sleep(0)
    assert state() == before
