"""Generators on the tiny model."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest_asyncio

from selfdebug.generators.transformers import TransformersGenerator

Start = Callable[..., TransformersGenerator]


@pytest_asyncio.fixture
async def start(tiny_model: Path) -> AsyncIterator[Start]:
    """Start generators on the tiny model; all are closed at the test's end."""
    started: list[TransformersGenerator] = []

    def start(path: Path = tiny_model, **options: object) -> TransformersGenerator:
        started.append(TransformersGenerator(path, name="tiny", dtype="float32", **options))
        return started[-1]

    yield start
    for generator in started:
        await generator.close()
