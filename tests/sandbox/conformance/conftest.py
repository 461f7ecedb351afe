"""The backends that the suite runs on: each must pass all of it, but for the walls that `none` does not have."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from sandbox.protocol import Sandbox
from sandbox.types import AssertSuite, Execution, Limits

OpenBackend = Callable[[], Sandbox]
Run = Callable[..., Awaitable[Execution]]


@pytest.fixture
async def sandbox(open_backend: OpenBackend) -> AsyncIterator[Sandbox]:
    """Each backend."""
    opened = open_backend()
    yield opened
    await opened.close()


@pytest.fixture
async def walls(open_walled: OpenBackend) -> AsyncIterator[Sandbox]:
    """Each backend that protects this machine."""
    opened = open_walled()
    yield opened
    await opened.close()


def run_on(sandbox: Sandbox) -> Run:
    async def run(program: str, *asserts: str, limits: Limits = Limits()) -> Execution:
        return await sandbox.run(program, AssertSuite(asserts), limits)

    return run


@pytest.fixture
def run(sandbox: Sandbox) -> Run:
    """Run a program against asserts, on each backend."""
    return run_on(sandbox)


@pytest.fixture
def run_walled(walls: Sandbox) -> Run:
    """Run a program against asserts, on each backend that protects this machine."""
    return run_on(walls)
