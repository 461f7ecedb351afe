"""Fixtures that many tests share: the default model."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def default_model() -> Path:
    """The default model's folder: `SELFDEBUG_TEST_MODEL`, else the one in the cache, pulled when it is absent."""
    given = os.environ.get("SELFDEBUG_TEST_MODEL")
    if given:
        return Path(given)
    from selfdebug.models import DEFAULT_MODEL, resolve

    return resolve(DEFAULT_MODEL, pull=True)
