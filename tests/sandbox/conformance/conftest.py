"""The backends that the suite runs on: each must pass all of it, but for the walls that `none` does not have."""

import warnings
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from sandbox.protocol import Sandbox
from sandbox.select import UnprotectedWarning, open_sandbox
from sandbox.types import AssertSuite, Execution, Limits

Run = Callable[..., Awaitable[Execution]]


async def opened(name: str) -> AsyncIterator[Sandbox]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnprotectedWarning)
        sandbox = open_sandbox(name)
    yield sandbox
    await sandbox.close()


@pytest.fixture(params=["bubblewrap", "none"])
async def sandbox(request: pytest.FixtureRequest) -> AsyncIterator[Sandbox]:
    """Each backend."""
    async for each in opened(request.param):
        yield each


@pytest.fixture(params=["bubblewrap"])
async def walls(request: pytest.FixtureRequest) -> AsyncIterator[Sandbox]:
    """Each backend that protects this machine."""
    async for each in opened(request.param):
        yield each


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
