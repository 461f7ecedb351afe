"""The real service on a free loopback port: uvicorn in a thread, the embedded dispatcher, the real sandbox."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from selfdebug.service.api.app import create_app as create_app
from selfdebug.service.dispatch import Dispatcher, open_dispatcher
from selfdebug.service.settings import Settings
from selfdebug.service.store import Store, open_store

_START_S = 60.0
_END_S = 60.0

RECORDED = Path(__file__).parents[2] / "recordings" / "demo.jsonl"
MakeApp = Callable[[Settings, Store, Dispatcher], FastAPI]


@dataclass(frozen=True)
class Served:
    """A running service, and what is behind it."""

    url: str
    settings: Settings
    store: Store
    app: FastAPI


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, listening: Callable[[int], None]) -> None:
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._listening(self.servers[0].sockets[0].getsockname()[1])


@contextmanager
def serve(settings: Settings, make: MakeApp = create_app) -> Iterator[Served]:
    """Serve until the context ends."""
    store = open_store(settings)
    started = threading.Event()
    found: list[Served | BaseException] = []
    ending: list[Callable[[], None]] = []

    async def run() -> None:
        async with open_dispatcher(store, settings) as dispatcher:
            app = make(settings, store, dispatcher)
            config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, timeout_graceful_shutdown=10)

            def listening(port: int) -> None:
                found.append(Served(f"http://127.0.0.1:{port}", settings, store, app))
                started.set()

            server = _Server(config, listening)
            loop = asyncio.get_running_loop()

            def end() -> None:
                app.state.service.close()
                server.should_exit = True

            ending.append(lambda: loop.call_soon_threadsafe(end))
            await server.serve()

    def main() -> None:
        try:
            asyncio.run(run())
        except BaseException as error:
            found.append(error)
        finally:
            started.set()

    thread = threading.Thread(target=main, name="service")
    thread.start()
    try:
        assert started.wait(_START_S), "the service did not start"
        if isinstance(found[0], BaseException):
            raise found[0]
        yield found[0]
    finally:
        for end in ending:
            end()
        thread.join(_END_S)
        store.close()
    assert not thread.is_alive(), "the service did not end"
    assert len(found) == 1, found[1:]
