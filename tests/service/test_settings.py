"""What is wrong with a setting is told in one message, by every program that reads them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from selfdebug.errors import InputError
from selfdebug.service.settings import read_settings

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("BOXES", "0", "SELFDEBUG_BOXES: expected greater than or equal to 1"),
        ("SANDBOX", "glass", "SELFDEBUG_SANDBOX: expected 'bubblewrap', 'docker' or 'none'"),
        ("MODELS", "a, b", 'SELFDEBUG_MODELS: expected JSON, for example ["a", "b"]'),
        ("METRICS_PORT", "70000", "SELFDEBUG_METRICS_PORT: expected less than or equal to 65535"),
        ("BODY_BYTES", "-1", "SELFDEBUG_BODY_BYTES: expected greater than or equal to 1"),
        ("LEASE_S", "3", "SELFDEBUG_BEAT_S: 2 is more than half of SELFDEBUG_LEASE_S"),
    ],
)
def test_the_variable_is_named(name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"SELFDEBUG_{name}", value)
    with pytest.raises(InputError) as error:
        read_settings()
    assert str(error.value).startswith(said)


def test_what_is_given_is_stronger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELFDEBUG_MODEL", "one")
    assert read_settings(model=None).model == "one"
    assert read_settings(model="other").model == "other"


@pytest.mark.parametrize(
    "command",
    [
        ["python", "-m", "selfdebug.service.store"],
        ["celery", "-A", "worker", "report"],
        ["selfdebug", "serve", "--port", "0"],
    ],
)
def test_no_program_shows_a_traceback(command: list[str]) -> None:
    program, *arguments = command
    environment = os.environ | {"SELFDEBUG_LEASE_S": "soon"}
    done = subprocess.run(
        [Path(sys.executable).with_name(program), *arguments],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode
    assert "SELFDEBUG_LEASE_S: expected a valid number" in done.stderr
    assert "Traceback" not in done.stderr
