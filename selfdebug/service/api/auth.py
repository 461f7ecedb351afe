"""Who is asking: API keys as bearer tokens (RFC 6750), and their rates. What a key may do is `caller`'s.

Without any key the service is open, but to this machine alone: over a connection that is not loopback a key is always
asked for, and a web page in this machine's own browser is not this machine.
"""

import asyncio
import ipaddress
import threading
import time
from typing import Protocol
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from selfdebug.service.addresses import is_loopback
from selfdebug.service.api.caller import ANYBODY, REALM, Caller
from selfdebug.service.api.details import FORBIDDEN, RATE_LIMITED, UNAUTHENTICATED, ApiError
from selfdebug.service.api.rates import Rates
from selfdebug.service.records import Key

_LOOK_AGAIN_S = 1.0
_MAKE_ONE = "Make a key with `selfdebug keys create`"
_ALLOWANCE = "selfdebug.allowance"


class Keys(Protocol):
    """What is needed of the store."""

    def authenticate(self, secret: str) -> Key | None: ...

    def keys(self) -> list[Key]: ...


class Gate:
    """Lets requests in: `await gate(request)` is the caller. One for a server.

    Args:
        required: Ask for a key on loopback too. It is asked for anyway once there is one, revoked or not.
    """

    def __init__(self, store: Keys, rates: Rates, *, required: bool = False) -> None:
        self._store, self._rates = store, rates
        self._required = required
        self._looked = float("-inf")
        self._lock = threading.Lock()

    async def __call__(self, request: Request) -> Caller:
        """Who makes this request.

        Raises:
            ApiError: No or no good key, or too many requests.
            StoreUnavailable: The store can't be asked.
        """
        given = request.headers.get("authorization")
        if given is None:
            if _is_local(request.scope) and not await self._asks_on_loopback():
                _require_own_page(request)
                return ANYBODY
            detail = f"An API key is needed: send it as `Authorization: Bearer sd_…`. {_MAKE_ONE}."
            raise ApiError(UNAUTHENTICATED, detail, headers={"WWW-Authenticate": REALM})
        scheme, _, secret = given.partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            detail = "The Authorization header holds no API key; expected `Authorization: Bearer sd_…`."
            raise ApiError(UNAUTHENTICATED, detail, headers={"WWW-Authenticate": f'{REALM}, error="invalid_request"'})
        return await asyncio.to_thread(self._admit, secret.strip(), request.scope)

    def _admit(self, secret: str, scope: Scope) -> Caller:
        key = self._store.authenticate(secret)
        if key is None:
            detail = f"The API key is unknown or has been revoked. {_MAKE_ONE}."
            raise ApiError(UNAUTHENTICATED, detail, headers={"WWW-Authenticate": f'{REALM}, error="invalid_token"'})
        if key.rate_per_minute:
            allowance = self._rates.take(key.id, key.rate_per_minute)
            scope.setdefault("state", {})[_ALLOWANCE] = allowance.headers()
            if not allowance.allowed:
                detail = f"This key may make {allowance.limit} requests a minute. Try again in {allowance.reset_s} s."
                raise ApiError(RATE_LIMITED, detail, headers={"Retry-After": str(allowance.reset_s)})
        return Caller(key.id, key.scopes)

    async def _asks_on_loopback(self) -> bool:
        if not self._required and time.monotonic() - self._looked >= _LOOK_AGAIN_S:
            self._required = await asyncio.to_thread(self._look)
        return self._required

    def _look(self) -> bool:
        with self._lock:
            found = bool(self._store.keys())
            self._looked = time.monotonic()
            return found


class RateHeaders:
    """ASGI middleware: every answer to a key, an error or a stream too, says how many requests the key has left."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        state = scope.setdefault("state", {})  # shared by whatever is inside, even where the scope itself is copied

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(state.get(_ALLOWANCE, {}))
            await send(message)

        await self._app(scope, receive, told)


def _is_local(scope: Scope) -> bool:
    """Whether the connection came in on loopback, or over something that is no network at all."""
    server, _ = scope.get("server") or ("", None)
    try:
        ipaddress.ip_address(server)
    except ValueError:
        return True
    return is_loopback(server)


def _require_own_page(request: Request) -> None:
    """Keep web pages in this machine's browser away from an open service: by a foreign origin, or a rebound name."""
    host, origin = request.headers.get("host", ""), request.headers.get("origin")
    server, _ = request.scope.get("server") or ("", None)
    if is_loopback(server) and not is_loopback(_name(host)):
        detail = f"This service asks for no key, so it answers to this machine's own names only, not to {host[:80]!r}"
    elif origin is not None and origin.partition("://")[2] != host:
        detail = "This service asks for no key, so it takes no requests from other web pages"
    else:
        return
    raise ApiError(FORBIDDEN, f"{detail}. {_MAKE_ONE}, and send it.")


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
