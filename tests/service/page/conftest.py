"""A real service on a free loopback port, whose model's answers come one by one as a test wants, and a real browser."""

import asyncio
import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from selfdebug.events import Completed
from selfdebug.generator import Completion, GenerationRequest
from selfdebug.generators.replay import ReplayGenerator
from selfdebug.service import engines
from selfdebug.service.api.app import create_app
from selfdebug.service.api.auth import Gate
from selfdebug.service.api.rates import Rates
from selfdebug.service.dispatch import open_dispatcher
from selfdebug.service.settings import Settings
from selfdebug.service.store import Store, open_store
from selfdebug.trajectory import read

RECORDING = Path(__file__).parents[2] / "recordings" / "demo.jsonl"
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_START_S = 30.0
_PATIENCE_MS = 30_000


def recorded() -> list[Completion]:
    """The answers of the recorded solve, in order."""
    return [event.completion for event in read(RECORDING) if isinstance(event, Completed)]


def says(text: str) -> Completion:
    """An answer with this text."""
    return Completion((text,), 10, 20, 0.1, "recorded", finish_reasons=("stop",))


def code(program: str) -> Completion:
    """An answer that is this program."""
    return says(f"```python\n{program}\n```")


class Paced:
    """A model that gives its recorded answers only when the test lets it. Answers outlast a restart of the server."""

    model = "recorded"

    def __init__(self) -> None:
        self._permits = threading.Semaphore(0)
        self._free = threading.Event()
        self.replay = ReplayGenerator(recorded())

    def give(self, completions: Sequence[Completion]) -> None:
        """Answer with these from now on."""
        self.replay = ReplayGenerator(completions)

    def let(self, answers: int) -> None:
        """Give so many more answers."""
        self._permits.release(answers)

    def free(self) -> None:
        """Give all that follow as they are asked for."""
        self._free.set()

    async def generate(self, request: GenerationRequest) -> Completion:
        # A test lets it from another thread, which has no way to wake this loop that outlasts a restart.
        while not (self._free.is_set() or self._permits.acquire(blocking=False)):  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        return await self.replay.generate(request)

    async def close(self) -> None:
        pass


@dataclass
class Served:
    """The service, in a thread of its own."""

    settings: Settings
    paced: Paced
    port: int
    keys_required: bool = False
    store: Store = field(init=False)
    _server: uvicorn.Server | None = None
    _thread: threading.Thread | None = None
    _up: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._up.clear()
        self.store = open_store(self.settings)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._up.wait(_START_S), "the service did not start"

    def stop(self) -> None:
        if self._thread is None or self._server is None:
            return
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(_START_S)
        assert not self._thread.is_alive(), "the service did not stop"
        self.store.close()
        self._thread = self._server = None

    async def _serve(self) -> None:
        async with open_dispatcher(self.store, self.settings) as dispatcher:
            gate = Gate(self.store, Rates(), required=self.keys_required)
            app = create_app(self.settings, self.store, dispatcher, authenticate=gate)
            config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False)
            self._server = _Announcing(config, self._up)
            with socket.create_server(("127.0.0.1", self.port)) as listening:
                await self._server.serve([listening])
                app.state.service.close()


class _Announcing(uvicorn.Server):
    """Tells when it listens."""

    def __init__(self, config: uvicorn.Config, up: threading.Event) -> None:
        super().__init__(config)
        self._up = up

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._up.set()


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Served]]:
    """Start the service; `keys_required` as `Gate` takes it."""
    started: list[Served] = []
    paced = Paced()
    monkeypatch.setattr(engines, "open_generator", lambda model: paced)

    def start(*, keys_required: bool = False) -> Served:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        served = Served(Settings(state=tmp_path, model="recorded", sweep_s=0.2), paced, port, keys_required)
        started.append(served)
        served.start()
        return served

    yield start
    for served in started:
        served.stop()


@pytest.fixture
def served(serve: Callable[..., Served]) -> Served:
    """The service, open to this machine."""
    return serve()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium: `SELFDEBUG_TEST_CHROMIUM`, else the one on the path."""
    program = os.environ.get("SELFDEBUG_TEST_CHROMIUM") or next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        missing = f"no browser: none of {', '.join(_PROGRAMS)} on the path; set SELFDEBUG_TEST_CHROMIUM"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    expect.set_options(timeout=_PATIENCE_MS)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


@dataclass
class Window:
    """Opens pages, and keeps what goes wrong in them."""

    browser: Browser
    trouble: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()  # parts of what the browser itself logs about answers that a test is about

    def open(self, served: Served, path: str = "/", **options: object) -> Page:
        """A page of its own, as in a fresh browser; `options` as of Playwright's `new_context`."""
        page = self.browser.new_context(**options).new_page()  # type: ignore[arg-type]
        page.set_default_timeout(_PATIENCE_MS)

        def logged(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning") and not any(part in message.text for part in self.expected):
                self.trouble.append(f"{message.type}: {message.text}")

        def asked(request: Request) -> None:
            if not request.url.startswith((served.url + "/", f"blob:{served.url}/")):
                self.trouble.append(f"asked for {request.url}")

        page.on("console", logged)
        page.on("pageerror", lambda error: self.trouble.append(f"uncaught: {error}"))
        page.on("request", asked)
        page.goto(served.url + path)
        return page


@pytest.fixture
def window(browser: Browser) -> Iterator[Window]:
    """Whatever a test does, the console stays empty and no other origin is asked."""
    opened = Window(browser)
    yield opened
    for context in browser.contexts:
        context.close()
    assert opened.trouble == []
