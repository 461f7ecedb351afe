"""Where the data sets lie that these tests read."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of data sets: `SELFDEBUG_TEST_DATA`, else `shared/data` beside the repository."""
    given = os.environ.get("SELFDEBUG_TEST_DATA")
    folder = Path(given) if given else Path(__file__).parents[3] / "shared" / "data"
    if not folder.is_dir():
        missing = f"no data sets at {folder}; set SELFDEBUG_TEST_DATA"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    return folder
