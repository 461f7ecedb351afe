"""`selfdebug serve`: opens the store, sets the work going, answers requests, and takes it all down again in order."""

import asyncio
import ipaddress
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from filelock import FileLock, Timeout
from sqlalchemy import make_url

from selfdebug.errors import InputError, SelfDebugError
from selfdebug.service import logs
from selfdebug.service.api.app import create_app
from selfdebug.service.api.auth import Gate
from selfdebug.service.api.rates import Rates
from selfdebug.service.deliveries import delivering
from selfdebug.service.dispatch import Dispatcher, open_dispatcher
from selfdebug.service.settings import Settings
from selfdebug.service.store import Store, open_store

_HEAD_S = 20.0  # a connection on which no request has begun for so long is ended
_STOP_S = 10  # requests that still run then are cut off

_log = logs.get(__name__)


class NoKey(SelfDebugError):
    """The service is to be reached from elsewhere, and has no key to ask for."""


class Taken(SelfDebugError):
    """Another server works on this store."""


def serve(settings: Settings, host: str, port: int, opened: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM. Jobs that are not finished then go on at the next start.

    Args:
        port: 0 for any that is free.
        opened: Called with the address when requests are answered, and not before.

    Raises:
        InputError: The host or the port can't be used.
        NoKey: The host is not loopback, and there is no key.
        StoreUnavailable: The store can't be opened.
        Taken: Another server does the work of this store.
    """
    with ExitStack() as stack:
        sockets = [stack.enter_context(closing(each)) for each in _listen(host, port)]
        store = stack.enter_context(closing(open_store(settings)))
        everywhere = not all(_is_loopback(each) for each in sockets)
        known = store.keys()
        if everywhere and all(key.revoked_at for key in known):
            raise NoKey(
                f"{host} can be reached from other machines, and there is no API key; make one first with "
                "`selfdebug keys create NAME`, or listen on 127.0.0.1"
            )
        if not settings.redis_url:
            stack.enter_context(_alone(settings))
        asyncio.run(_serve(settings, store, sockets, everywhere, lambda: opened(_address(host, sockets[0]))))


def build(settings: Settings, store: Store, dispatcher: Dispatcher, *, keys_required: bool) -> FastAPI:
    """The application behind its keys."""
    gate = Gate(store, Rates(settings.redis_url), required=keys_required)
    return create_app(settings, store, dispatcher, authenticate=gate, keys_required=keys_required)


async def _serve(
    settings: Settings, store: Store, sockets: list[socket.socket], everywhere: bool, opened: Callable[[], None]
) -> None:
    async with open_dispatcher(store, settings) as dispatcher, delivering(store, settings):
        app = build(settings, store, dispatcher, keys_required=everywhere)
        config = uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_STOP_S,
        )
        await _Server(config, opened, app.state.service.close).serve(sockets)


class _Server(uvicorn.Server):
    """uvicorn's, which tells when it listens, and ends streams and itself in peace when it is told to stop."""

    def __init__(self, config: uvicorn.Config, opened: Callable[[], None], stopping: Callable[[], None]) -> None:
        super().__init__(config)
        self._opened, self._stopping = opened, stopping
        self._quiet: dict[object, tuple[object, float]] = {}

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._opened()

    async def on_tick(self, counter: int) -> bool:
        if counter % 10 == 0:
            self._drop_quiet()
        return await super().on_tick(counter)

    def _drop_quiet(self) -> None:
        """End connections that do not come to a request: uvicorn waits for the first one's head for ever."""
        now, before, self._quiet = time.monotonic(), self._quiet, {}
        for connection in list(self.server_state.connections):
            last = getattr(connection, "cycle", None)  # the request before the one that is waited for
            if last is not None and not last.response_complete:
                continue
            known, since = before.get(connection, (last, now))
            if known is not last:
                since = now
            self._quiet[connection] = last, since
            if now - since > _HEAD_S:
                connection.transport.close()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop)
        try:
            yield
        finally:
            # Until the very end of the process: what is taken down after the server must not be cut short either.
            self._stopping()

    def _stop(self) -> None:
        _log.info("stopping")
        self.force_exit = self.should_exit  # told twice: without waiting for requests
        self.should_exit = True
        self._stopping()


def _listen(host: str, port: int) -> list[socket.socket]:
    """Sockets on all addresses of the host, on one port.

    Raises:
        InputError: The host is none of this machine's, or the port can't be used.
    """
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise InputError("--host", "", f"{host!r} is no address of this machine: {error}") from None
    sockets: list[socket.socket] = []
    failure: OSError | None = None
    for family, _, _, _, address in dict.fromkeys(found):
        try:
            at = (address[0], sockets[0].getsockname()[1] if sockets else port)
            listening = socket.create_server(at, family=family, backlog=2048)
            # What is accepted inherits it. Otherwise each answer but a connection's first waits some 40 ms for the
            # client's acknowledgement, because it is written in two parts; asyncio sets it only where it listens.
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sockets.append(listening)
        except OSError as error:  # a name may have an address, of IPv6 mostly, that this machine has not
            failure = error
    if not sockets:
        reason = os.strerror(failure.errno) if failure and failure.errno else str(failure)
        raise InputError("--host, --port", "", f"can't listen on {host}, port {port}: {reason}; choose others")
    return sockets


def _is_loopback(listening: socket.socket) -> bool:
    return ipaddress.ip_address(listening.getsockname()[0]).is_loopback


def _address(host: str, listening: socket.socket) -> str:
    own, port = listening.getsockname()[:2]
    shown = host or own
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Be the only process that does this store's work itself: it takes over what it finds begun."""
    url = make_url(settings.database)
    file = url.database if url.get_backend_name() == "sqlite" else None
    path = Path(f"{file}.serve.lock") if file else settings.state / "serve.lock"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(path, timeout=0)
        lock.acquire()
    except Timeout:
        raise Taken(
            f"another `selfdebug serve` works on {path.parent}; stop it, or set SELFDEBUG_STATE to another folder"
        ) from None
    except OSError as error:
        reason = f"can't be written: {error.strerror}; set SELFDEBUG_STATE to a folder that can"
        raise InputError(str(path.parent), "", reason) from None
    try:
        yield
    finally:
        lock.release()
