"""Fixtures that many tests share: the default model, and a server that speaks OpenAI's protocol with it."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

_START_S = 240.0


@pytest.fixture(scope="session")
def default_model() -> Path:
    """The default model's folder: `SELFDEBUG_TEST_MODEL`, else the one in the cache, pulled when it is absent."""
    given = os.environ.get("SELFDEBUG_TEST_MODEL")
    if given:
        return Path(given)
    from selfdebug.models import DEFAULT_MODEL, resolve

    return resolve(DEFAULT_MODEL, pull=True)


@dataclass(frozen=True)
class ModelServer:
    """A running OpenAI-compatible server: its address up to `/v1`, and its name for the model."""

    base_url: str
    model: str


@pytest.fixture(scope="session")
def model_server(default_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    """`transformers serve` with the default model, on a free loopback port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("server") / "log"
    program = Path(sys.executable).with_name("transformers")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(program), "serve", str(default_model), "--host", "127.0.0.1", "--port", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # One thread: beside other tests, threads that wait for each other are many times slower than one.
            env=os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
        )
    try:
        _wait(process, f"http://127.0.0.1:{port}/health", log)
        yield ModelServer(f"http://127.0.0.1:{port}/v1", str(default_model))
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=20)


def _wait(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.5)
    pytest.fail(f"the model server did not start:\n{log.read_text(errors='replace')[-3000:]}")
