"""One job on each backend that protects this machine, and the machine that is watched meanwhile."""

from collections.abc import AsyncIterator, Callable, Iterator

import pytest
import pytest_asyncio

from sandbox.protocol import Executor, Sandbox

from .host import Host, watched

OpenBackend = Callable[[], Sandbox]


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """This machine, with canaries in it."""
    with watched(tmp_path_factory.mktemp("canaries")) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def job(open_walled: OpenBackend, host: Host) -> AsyncIterator[Executor]:
    """One job for all programs: its warm boxes must outlive every one of them, and keep nothing of any."""
    sandbox = open_walled()
    async with sandbox.job() as opened:
        yield opened
    await sandbox.close()
