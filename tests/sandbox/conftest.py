"""What tests of the sandbox share: waiting for something to come true, and looking at this machine's processes."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

Eventually = Callable[[Callable[[], bool]], Awaitable[None]]


@pytest.fixture
def eventually() -> Eventually:
    """Wait until a condition holds; a TimeoutError says that it never did."""

    async def wait(condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not condition():  # noqa: ASYNC110 (what is waited for is another process)
                await asyncio.sleep(0.01)

    return wait


@pytest.fixture
def marked() -> Callable[[str], list[int]]:
    """List the processes of this machine whose command line holds a mark."""
    return lambda mark: _processes("cmdline", mark)


@pytest.fixture
def named() -> Callable[[str], list[int]]:
    """List the processes of this machine, zombies among them, that have given themselves a name."""
    return lambda name: _processes("comm", name)


def _processes(file: str, text: str) -> list[int]:
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and text.encode() in (folder / file).read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found
