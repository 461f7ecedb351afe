"""Errors as RFC 9457 problem documents, each naming the field that is wrong."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

from fastapi import Response
from pydantic import Field

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class Kind:
    """A kind of error: its name in the document's `type`, its HTTP status, and its title."""

    name: str
    status: int
    title: str

    @property
    def type(self) -> str:
        return f"urn:selfdebug:problem:{self.name}"


MALFORMED = Kind("malformed-body", 400, "The body can't be read")
UNAUTHENTICATED = Kind("unauthenticated", 401, "An API key is needed")
FORBIDDEN = Kind("forbidden", 403, "The API key may not do this")
NOT_FOUND = Kind("not-found", 404, "There is no such thing")
METHOD_NOT_ALLOWED = Kind("method-not-allowed", 405, "The method can't be used here")
CONFLICT = Kind("conflict", 409, "Not now")
TOO_SLOW = Kind("body-too-slow", 408, "The body does not come")
TOO_LARGE = Kind("body-too-large", 413, "The body is too large")
UNSUPPORTED_TYPE = Kind("unsupported-media-type", 415, "The body is not sent as JSON")
INVALID = Kind("invalid-request", 422, "The request is not valid")
KEY_REUSED = Kind("idempotency-key-reused", 422, "The Idempotency-Key belongs to another request")
QUEUE_FULL = Kind("queue-full", 429, "The queue is full")
RATE_LIMITED = Kind("rate-limited", 429, "Too many requests")
BUSY = Kind("busy", 429, "Too many executions wait")
INTERNAL = Kind("internal-error", 500, "The service failed")
UNAVAILABLE = Kind("unavailable", 503, "A part of the service is missing")

_OF_STATUS = {
    kind.status: kind
    for kind in (MALFORMED, UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, METHOD_NOT_ALLOWED, TOO_LARGE, UNSUPPORTED_TYPE)
}


@dataclass(frozen=True)
class Flaw:
    """One thing that is wrong with a request, and where: in the body, in a parameter, or in a header."""

    detail: Annotated[str, Field(description="What is wrong, and what was expected.")]
    pointer: Annotated[
        str | None, Field(description="The field of the body, as a JSON pointer.", examples=["#/options/budget/turns"])
    ] = None
    parameter: Annotated[str | None, Field(description="The parameter of the path or the query.")] = None
    header: Annotated[str | None, Field(description="The header of the request.")] = None


@dataclass(frozen=True)
class ProblemDocument:
    """An error (RFC 9457)."""

    type: Annotated[str, Field(description="Names the kind of error.", examples=[INVALID.type])]
    title: Annotated[str, Field(description="The kind of error in words.", examples=[INVALID.title])]
    status: Annotated[int, Field(description="The HTTP status again.", ge=400, le=599, examples=[INVALID.status])]
    detail: Annotated[str, Field(description="What is wrong with this request, and what to do.")]
    errors: Annotated[
        tuple[Flaw, ...] | None, Field(description="Each thing that is wrong, with its place; at most 20.")
    ] = None


class ApiError(Exception):
    """Ends a request with a problem document.

    Args:
        kind: Of which kind.
        detail: What is wrong, and what to do.
        flaws: Each thing that is wrong, with its place.
        headers: For the answer, `Retry-After` for example.
    """

    def __init__(
        self, kind: Kind, detail: str, flaws: Sequence[Flaw] = (), *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.kind, self.detail, self.flaws, self.headers = kind, detail, tuple(flaws), dict(headers or {})

    def response(self) -> Response:
        """The answer."""
        document = {"type": self.kind.type, "title": self.kind.title, "status": self.kind.status, "detail": self.detail}
        errors = [{name: value for name, value in asdict(flaw).items() if value is not None} for flaw in self.flaws]
        return Response(
            json.dumps(document | ({"errors": errors} if errors else {})),
            self.kind.status,
            self.headers,
            media_type=MEDIA_TYPE,
        )


def kind_of(status: int) -> Kind:
    """The kind of an error of which only the status is known."""
    return _OF_STATUS.get(status) or Kind("http-error", status, "The request can't be served")


def invalid(flaws: Sequence[Flaw]) -> ApiError:
    """The error of a request with these flaws."""
    first = flaws[0]
    place = first.pointer or first.parameter or first.header
    more = f" (and {len(flaws) - 1} more)" if len(flaws) > 1 else ""
    return ApiError(INVALID, f"{place}: {first.detail}{more}" if place else first.detail, flaws)


def later(kind: Kind, detail: str, seconds: int) -> ApiError:
    """An error that goes away by itself: try again after so many seconds."""
    return ApiError(kind, detail, headers={"Retry-After": str(seconds)})


def pointer(parts: Sequence[str | int]) -> str:
    """A JSON pointer as a URI fragment (RFC 6901, section 6)."""
    return "#" + "".join(f"/{_token(part)}" for part in parts)


def _token(part: str | int) -> str:
    text = str(part).replace("~", "~0").replace("/", "~1")
    return "".join(_escaped(text))


def _escaped(text: str) -> Iterator[str]:
    for character in text:
        if character.isascii() and (character.isalnum() or character in "-._~!$&'()*+,;=:@/?"):
            yield character
        else:
            yield from (f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))
