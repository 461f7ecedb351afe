"""Whether the service lives, whether it can work and what it lacks, and its numbers. None of these asks for a key."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from sandbox.errors import SandboxError
from selfdebug.errors import SelfDebugError
from selfdebug.service import logs, metrics
from selfdebug.service.api.details import MEDIA_TYPE, UNAVAILABLE
from selfdebug.service.dispatch import Check, Dispatcher
from selfdebug.service.store import OtherSchema, Store, StoreUnavailable

CHECK_S = 5.0  # a part that says nothing for so long is missing
FRESH_S = 2.0  # an answer is given again for so long, so that nobody can wear the parts out by asking

_log = logs.get(__name__)


class Alive(BaseModel):
    """The process answers."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "ok"}]})

    status: str = "ok"


class Ready(BaseModel):
    """Every part that the service needs is there."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"status": "ready", "parts": ["migrations", "model", "sandbox", "store"]}]}
    )

    status: str = "ready"
    parts: list[str] = Field(description="What was looked at.")


class Missing(BaseModel):
    """A part that is not there."""

    part: str = Field(description="Its name.", examples=["redis"])
    detail: str = Field(description="What is wrong with it, and what to do.")


class NotReady(BaseModel):
    """A problem document (RFC 9457) that names what is missing."""

    type: str = UNAVAILABLE.type
    title: str = UNAVAILABLE.title
    status: int = 503
    detail: str = Field(description="All of it in one sentence.")
    missing: list[Missing]
    parts: list[str] = Field(description="What was looked at.")


@dataclass
class Readiness:
    """Asks all parts at once, and remembers the answer for a moment.

    Args:
        checks: By the part's name.
    """

    checks: Mapping[str, Check]
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _asked_at: float = float("-inf")
    _missing: tuple[Missing, ...] = ()

    async def missing(self) -> tuple[Missing, ...]:
        """The parts that are not there; empty where all are."""
        async with self._asking:
            if time.monotonic() - self._asked_at > FRESH_S:
                found = await asyncio.gather(*(self._ask(part, check) for part, check in self.checks.items()))
                self._missing = tuple(one for one in found if one is not None)
                self._asked_at = time.monotonic()
            return self._missing

    async def _ask(self, part: str, check: Check) -> Missing | None:
        try:
            async with asyncio.timeout(CHECK_S):
                await check()
        except TimeoutError:
            return Missing(part=part, detail=f"gave no answer within {CHECK_S:g} seconds")
        except (SelfDebugError, SandboxError) as error:
            return Missing(part=part, detail=logs.clean(str(error)))
        except Exception as error:  # a check's outermost edge: whatever it is, the part is missing
            _log.exception("readiness check failed", part=part)
            return Missing(part=part, detail=f"could not be asked: {type(error).__name__}; the server's log tells more")
        return None


def _not_ready_schema() -> dict[str, Any]:
    """In one piece: FastAPI puts a model into the components only where the answer is plain JSON."""
    schema = NotReady.model_json_schema()
    schema["properties"]["missing"]["items"] = schema.pop("$defs")["Missing"]
    return schema


def service_checks(store: Store, dispatcher: Dispatcher) -> Mapping[str, Check]:
    """The checks of a whole service: its store, the store's schema, and whoever carries jobs out."""

    async def stored() -> None:
        with suppress(OtherSchema):
            await asyncio.to_thread(store.ready)

    async def migrated() -> None:
        try:
            await asyncio.to_thread(store.ready)
        except OtherSchema:
            raise
        except StoreUnavailable:  # which its own check tells
            return

    return {"store": stored, "migrations": migrated, **dispatcher.checks()}


def health_router(checks: Mapping[str, Check], refresh: Callable[[], Awaitable[None]] | None = None) -> APIRouter:
    """`/healthz`, `/readyz` and `/metrics`.

    Args:
        checks: What `/readyz` asks.
        refresh: Called before each answer of `/metrics`, to bring `metrics.stored` up to date. What it raises is
            counted as the store's failure.
    """
    router = APIRouter(tags=["health"])
    readiness = Readiness(checks)

    @router.get("/healthz", summary="Whether the process answers", operation_id="healthz")
    async def healthz() -> Alive:
        """Nothing but that the process answers; whether it can work says `/readyz`."""
        return Alive()

    @router.get(
        "/readyz",
        summary="Whether all parts are there",
        operation_id="readyz",
        response_model=Ready,
        responses={
            503: {
                "description": "Something is missing.",
                "content": {MEDIA_TYPE: {"schema": _not_ready_schema()}},
            }
        },
    )
    async def readyz() -> Response:
        """Asks every part: store, migrations; Redis and a worker for each queue, or model and sandbox.

        503 names those that are missing.
        """
        parts = sorted(checks)
        missing = await readiness.missing()
        if not missing:
            return JSONResponse(Ready(parts=parts).model_dump())
        detail = "; ".join(f"{one.part}: {one.detail}" for one in missing)
        answer = NotReady(detail=detail, missing=list(missing), parts=parts)
        return JSONResponse(answer.model_dump(), 503, media_type=MEDIA_TYPE)

    @router.get(
        "/metrics",
        summary="The service's numbers",
        operation_id="metrics",
        response_class=Response,
        responses={
            200: {"description": "Prometheus's text format.", "content": {"text/plain": {"schema": {"type": "string"}}}}
        },
    )
    async def show_metrics() -> Response:
        """Jobs by state, the queue's depth and age, turns, tokens, batches, executions, boxes and errors."""
        if refresh is not None:
            try:
                async with asyncio.timeout(CHECK_S):
                    await refresh()
                metrics.store_up.set(1)
            except (SelfDebugError, TimeoutError):
                metrics.store_up.set(0)
                metrics.failed("store")
        return Response(metrics.exposition(), media_type=metrics.CONTENT_TYPE)

    return router
