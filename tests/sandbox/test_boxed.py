"""What a sandbox tells of its boxes."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from sandbox.boxed import BoxedSandbox
from sandbox.bubblewrap import Bubblewrap
from sandbox.errors import SandboxUnavailable
from sandbox.types import AssertSuite, Limits

Eventually = Callable[[Callable[[], bool]], Awaitable[None]]
SUITE = AssertSuite(("assert f() == 1",))
NONE = {"working": 0, "warm": 0, "spare": 0, "starting": 0}


class Spared(Bubblewrap):
    spares = 2


async def test_boxes_are_counted_by_what_they_do(eventually: Eventually) -> None:
    sandbox = BoxedSandbox(Bubblewrap())
    assert sandbox.count() == NONE
    await sandbox.start_ahead()
    assert sandbox.count() == NONE | {"starting": 1}
    await eventually(lambda: sandbox.count() == NONE | {"spare": 1})
    async with sandbox.job() as job:
        running = asyncio.create_task(
            job.run("import time\ndef f():\n    time.sleep(600)\n", SUITE, Limits(wall_s=600))
        )
        await eventually(lambda: sandbox.count() == NONE | {"working": 1})
        running.cancel()
        await asyncio.wait({running})
        assert sandbox.count() == NONE
        assert (await job.run("def f(): return 1", SUITE)).passed
        assert sandbox.count() == NONE | {"warm": 1}
    assert sandbox.count() == NONE
    await sandbox.close()


async def test_spare_boxes_are_counted(eventually: Eventually) -> None:
    sandbox = BoxedSandbox(Spared())
    await sandbox.run("def f(): return 1", SUITE)
    await eventually(lambda: sandbox.count() == NONE | {"spare": 2})
    await sandbox.close()
    assert sandbox.count() == NONE


async def test_a_check_tells_whether_boxes_can_be_had_now(tmp_path: Path) -> None:
    bwrap = shutil.copy("/usr/bin/false", tmp_path / "bwrap")
    sandbox = BoxedSandbox(Bubblewrap(str(bwrap)))
    with pytest.raises(SandboxUnavailable, match=r"could not make a box.*--sandbox none"):
        await sandbox.check()
    await sandbox.close()
    sandbox = BoxedSandbox(Bubblewrap())
    await sandbox.check()
    assert sandbox.count() == NONE
    await sandbox.close()
