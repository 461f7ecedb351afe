"""Fixtures of the API's tests: a running service, and a client of it."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from selfdebug.service.settings import Settings

from .serving import RECORDED, MakeApp, Served, create_app, serve

EXAMPLE = Path(__file__).parents[3] / "examples" / "demo.json"


@pytest.fixture
def serve_with(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Start a service with settings by name; its model replays a real solve of the demo problem."""
    with ExitStack() as stack:

        def start(make: MakeApp = create_app, **settings: object) -> Served:
            given = {"state": tmp_path, "model": f"replay:{RECORDED}", "sweep_s": 0.5, "deliveries": 1} | settings
            return stack.enter_context(serve(Settings.model_validate(given), make))

        yield start


@pytest.fixture
def connect() -> Iterator[Callable[..., httpx.Client]]:
    """Make clients of a service, with a key or without."""
    with ExitStack() as stack:

        def client(served: Served, key: str = "") -> httpx.Client:
            headers = {"Authorization": f"Bearer {key}"} if key else {}
            return stack.enter_context(httpx.Client(base_url=served.url, headers=headers, timeout=90, trust_env=False))

        yield client


@pytest.fixture
def served(serve_with: Callable[..., Served]) -> Served:
    return serve_with()


@pytest.fixture
def client(served: Served, connect: Callable[..., httpx.Client]) -> httpx.Client:
    return connect(served)


@pytest.fixture
def silent_model(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A model whose server takes requests and never answers: its jobs run until they are cancelled.

    To be named before `serve_with`, so that it outlives the service.
    """
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{server.getsockname()[1]}/v1")
        monkeypatch.setenv("OPENAI_API_KEY", "none")
        yield "openai:silent"


@pytest.fixture
def demo() -> dict[str, Any]:
    """The problem whose solve is recorded."""
    problem: dict[str, Any] = json.loads(EXAMPLE.read_text())
    return problem
