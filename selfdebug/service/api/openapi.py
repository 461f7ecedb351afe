"""The OpenAPI document: the errors of each operation, and whether a key is needed."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from selfdebug.service.api import details
from selfdebug.service.api.details import Kind, ProblemDocument

_SCHEMA = "#/components/schemas/ProblemDocument"
_EVERYWHERE = (
    details.UNAUTHENTICATED,
    details.FORBIDDEN,
    details.INVALID,
    details.RATE_LIMITED,
    details.INTERNAL,
    details.UNAVAILABLE,
)
_WITH_BODY = (details.MALFORMED, details.TOO_SLOW, details.TOO_LARGE, details.UNSUPPORTED_TYPE)
_RETRY = {"Retry-After": {"description": "Seconds to wait before the next try.", "schema": {"type": "integer"}}}
_CHALLENGE = {"WWW-Authenticate": {"description": "How to send a key.", "schema": {"type": "string"}}}

TAGS = [
    {"name": "jobs", "description": "Problems to solve, and how far they are."},
    {"name": "results", "description": "What came of a job, live and afterwards."},
    {"name": "sandbox", "description": "Programs run against tests, without a model."},
    {"name": "service", "description": "What is offered here."},
    {"name": "health", "description": "Whether it lives and can work, and its numbers."},
]

Responses = dict[int | str, dict[str, Any]]


def errors(*kinds: Kind, body: bool = False) -> Responses:
    """The documented errors of an operation: these, and those that any may give.

    Args:
        body: Whether it takes one.
    """
    found: Responses = {}
    for kind in (*kinds, *_EVERYWHERE, *(_WITH_BODY if body else ())):
        entry = found.setdefault(kind.status, {"description": "", "content": {details.MEDIA_TYPE: _content()}})
        entry["description"] = " ".join(filter(None, (entry["description"], f"{kind.title}.")))
        entry["content"][details.MEDIA_TYPE]["examples"][kind.name] = {"value": _example(kind)}
        if kind.status in (409, 429, 503):
            entry["headers"] = _RETRY
        if kind.status == 401:
            entry["headers"] = _CHALLENGE
    return dict(sorted(found.items(), key=lambda item: item[0]))


def _content() -> dict[str, Any]:
    return {"schema": {"$ref": _SCHEMA}, "examples": {}}


def _example(kind: Kind) -> dict[str, Any]:
    document: dict[str, Any] = {"type": kind.type, "title": kind.title, "status": kind.status}
    if kind is details.INVALID:
        detail = "expected an integer of 1 or more, found the number 0"
        place = "#/options/budget/turns"
        return document | {"detail": f"{place}: {detail}", "errors": [{"detail": detail, "pointer": place}]}
    return document | {"detail": f"{kind.title}; what to do about it."}


def document(app: FastAPI, *, keys: bool) -> dict[str, Any]:
    """The document of the app.

    Args:
        keys: Whether a key is needed; else it may be left out.
    """
    made = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        description=app.description,
        routes=app.routes,
        tags=app.openapi_tags,
    )
    schemas = made["components"]["schemas"]
    schema = TypeAdapter(ProblemDocument).json_schema(ref_template="#/components/schemas/{model}")
    schemas |= schema.pop("$defs", {}) | {"ProblemDocument": schema}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for path in made["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", ()):
                parameter["schema"] = _without_null(parameter["schema"])
            if operation.get("security") and not keys:
                operation["security"] = [{}, *operation["security"]]
    return made


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter may be left out, but never is null."""
    match schema:
        case {"anyOf": [one, {"type": "null"}], **rest}:
            return {**rest, **one}
    return schema


def examples(named: Sequence[tuple[str, str, Any]]) -> dict[str, Any]:
    """OpenAPI's examples from names, summaries and values."""
    return {name: {"summary": summary, "value": value} for name, summary, value in named}
