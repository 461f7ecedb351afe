"""Reading a request strictly: bounded, JSON as it is written and nothing else, no unknown parameter."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterable
from email.message import Message
from typing import Any, NoReturn

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect

from selfdebug.service.api.details import MALFORMED, TOO_LARGE, TOO_SLOW, UNSUPPORTED_TYPE, ApiError, Flaw, invalid

_DRAINED_FACTOR = 8  # what is too long is read to its end, up to so many times the limit, so that the answer is heard
_PARSED_ASIDE = 2**16
_COMES_WITHIN_S = 60.0
_DEPTH = 64  # the deepest that a valid body goes is about ten


class _Refused(ValueError):
    pass


class JsonRequest(Request):
    """A request whose body is JSON."""

    async def load(self, limit: int) -> None:
        """Read the body and parse it.

        Raises:
            ApiError: It is not sent as JSON, longer than `limit` bytes, or not JSON, or it does not come.
        """
        _require_json(self.headers.get("content-type"))
        try:
            async with asyncio.timeout(_COMES_WITHIN_S):
                data = await self._read(limit)
        except TimeoutError:
            detail = f"the whole body has to come within {_COMES_WITHIN_S:g} s; send it again"
            raise ApiError(TOO_SLOW, detail, headers={"Connection": "close"}) from None
        except ClientDisconnect:  # nobody hears it, and it is no failure of the service
            raise ApiError(MALFORMED, "the connection ended before the body did") from None
        self._body = data
        text = _decoded(data)
        aside = len(data) > _PARSED_ASIDE
        self._json = await asyncio.to_thread(_parse, text) if aside else _parse(text)

    async def _read(self, limit: int) -> bytes:
        announced = self.headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > _DRAINED_FACTOR * limit:
            raise _too_large(limit)
        parts, size = [], 0
        async for part in self.stream():
            size += len(part)
            if size > _DRAINED_FACTOR * limit:
                break
            if size <= limit:
                parts.append(part)
        if size > limit:
            raise _too_large(limit)
        return b"".join(parts)


class StrictRoute(APIRoute):
    """Routes of the API: first the caller is known, in the request's state; then bodies are read as `JsonRequest`s, and
    query parameters that they do not know are errors.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        known = {parameter.alias for parameter in self.dependant.query_params}
        takes_body = self.body_field is not None

        async def strict(request: Request) -> Response:
            service = request.app.state.service
            request.state.caller = await service.authenticate(request)  # before anything of a stranger's is read
            _refuse_unknown(request, known)
            if takes_body:
                request = JsonRequest(request.scope, request.receive)
                await request.load(service.settings.body_bytes)
            return await handle(request)

        return strict


def _refuse_unknown(request: Request, known: set[str]) -> None:
    names = ", ".join(sorted(known)) or "none"
    flaws = [
        Flaw(f"unknown parameter; known here: {names}", parameter=name[:100])
        for name in request.query_params
        if name not in known
    ]
    if flaws:
        raise invalid(flaws[:20])


def _require_json(content_type: str | None) -> None:
    message = Message()
    message["content-type"] = content_type or "nothing/given"
    subtype = message.get_content_subtype()
    if message.get_content_maintype() != "application" or not (subtype == "json" or subtype.endswith("+json")):
        raise ApiError(
            UNSUPPORTED_TYPE,
            "send the body as JSON, with the header 'Content-Type: application/json'",
            [Flaw(f"expected application/json, found {content_type or 'none'}"[:200], header="Content-Type")],
        )


def _too_large(limit: int) -> ApiError:
    return ApiError(TOO_LARGE, f"the body may have at most {limit:,} bytes; send fewer jobs or tests at once")


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ApiError(MALFORMED, f"the body is not UTF-8: byte {error.start}") from None


def _parse(text: str) -> Any:
    if not text.strip():
        raise ApiError(MALFORMED, "the body is empty; expected a JSON object")
    try:
        value = json.loads(text, object_pairs_hook=_without_doubles, parse_constant=_no_constant)
        _require_flat(value)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ApiError(MALFORMED, f"the body is not JSON: {error.msg} at {where}") from None
    except _Refused as error:
        raise ApiError(MALFORMED, str(error)) from None
    except RecursionError:
        raise ApiError(MALFORMED, "the body is nested too deeply") from None
    except ValueError:
        raise ApiError(MALFORMED, "the body holds an integer with too many digits") from None
    return value


def _require_flat(value: Any) -> None:
    level = [value]
    for _ in range(_DEPTH):
        level = [inner for outer in level for inner in _members(outer)]
        if not level:
            return
    raise _Refused(f"the body is nested more than {_DEPTH} levels deep")


def _members(value: Any) -> Iterable[Any]:
    match value:
        case dict():
            return value.values()
        case list():
            return value
    return ()


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise _Refused(f"the field {name[:60]!r} stands twice in one object; keep one of them")
            seen.add(name)
    return fields


def _no_constant(name: str) -> NoReturn:
    raise _Refused(f"the body holds {name}, which is not JSON")
