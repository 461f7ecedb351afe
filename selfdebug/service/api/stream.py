"""A job's events as they happen, as server-sent events."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, get_args

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from selfdebug.events import Event
from selfdebug.service import logs
from selfdebug.service.api.body import StrictRoute
from selfdebug.service.api.caller import Caller, Reader
from selfdebug.service.api.details import NOT_FOUND
from selfdebug.service.api.openapi import errors
from selfdebug.service.api.service import JobId, Service, Shared
from selfdebug.service.api.views import to_json
from selfdebug.service.records import Job, StoredEvent
from selfdebug.service.store import StoreUnavailable

router = APIRouter(prefix="/v1", tags=["results"], route_class=StrictRoute)
_log = logs.get(__name__)

KEEP_ALIVE_S = 15.0
_STORE_AGAIN_S = 2.0
_PAGE = 100
_EXAMPLE = """\
id: 0
event: submitted
data: {"kind": "submitted", "problem": {"id": "add"}, "at_s": 0.0}

id: 1
event: completed
data: {"kind": "completed", "step": 1, "purpose": "write"}

id: 2
event: executed
data: {"kind": "executed", "step": 2, "execution": {"status": "passed"}}

id: 3
event: finished
data: {"id": "01938c7d0a4c4c1f8a5e2b7f6d3c9e10", "status": "solved"}

"""

_EVENT = {
    "title": "Server-sent event",
    "description": "One event of the stream.",
    "type": "object",
    "properties": {
        "id": {"type": "string", "pattern": "^[0-9]+$"},
        "event": {"enum": [*(each.kind for each in get_args(Event)), "finished"]},
        "data": {"type": "string", "contentMediaType": "application/json"},
        "retry": {"type": "integer"},
    },
}


@router.get(
    "/jobs/{job_id}/events",
    operation_id="streamEvents",
    summary="Follow a job",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Server-sent events: those of the trajectory, ids counting from 0 and named by their kind, "
            "then `finished` with the job as data; then the stream ends. Comments keep the connection alive.",
            "content": {"text/event-stream": {"schema": _EVENT, "example": _EXAMPLE}},
        },
        204: {"description": "The job has ended, and `finished` has been received: do not connect again."},
        **errors(NOT_FOUND),
    },
)
async def stream_events(
    job_id: JobId,
    service: Shared,
    caller: Reader,
    after: Annotated[
        int, Query(ge=-1, le=2**31 - 1, description="Begin behind the event of this id; `Last-Event-ID` is stronger.")
    ] = -1,
    last_event_id: Annotated[
        str | None,
        Header(
            max_length=10,
            pattern="^[0-9]*$",
            description="The id of the last event that was received: the stream goes on behind it.",
            examples=["3"],
        ),
    ] = None,
) -> Response:
    """Follow a job live, from its first event or from where an earlier stream broke off."""
    job = await service.job(job_id, caller)
    seen = int(last_event_id) if last_event_id else after
    if job.status.terminal and seen >= job.version:
        return Response(status_code=204)
    return StreamingResponse(
        _stream(service, caller, job, min(seen, job.version - 1)),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _stream(service: Service, caller: Caller, job: Job, seen: int) -> AsyncIterator[bytes]:
    now = asyncio.get_running_loop().time
    silent_since = admitted = now()
    yield b"retry: 2000\n\n"
    with service.dispatcher.watch(job.id) as watch:
        while not service.closing:
            try:
                if now() - admitted >= KEEP_ALIVE_S:
                    if await service.revoked(caller):
                        return
                    admitted = now()
                events, job = await run_in_threadpool(_look, service, job, seen)
                finished = job.status.terminal and seen + len(events) >= job.version - 1
                last = await service.view(job) if finished else None
            except StoreUnavailable as error:
                _log.warning("stream waits for the store", job=job.id, exc_info=error)
                yield b": the store is away\n\n"
                await service.news(watch, _STORE_AGAIN_S)
                continue
            for event in events:
                yield _event(event)
                seen, silent_since = event.seq, now()
            if last is not None:
                yield _block(str(job.version), "finished", to_json(last))
                return
            if not events:
                await service.news(watch, KEEP_ALIVE_S)
            if now() - silent_since >= KEEP_ALIVE_S:
                yield b": still here\n\n"
                silent_since = now()


def _look(service: Service, job: Job, seen: int) -> tuple[list[StoredEvent], Job]:
    """The next events, and the job, which is read after them: what it does not count has been seen."""
    events = service.store.events(job.id, seen, _PAGE)
    return events, service.store.job(job.id) or job


def _event(event: StoredEvent) -> bytes:
    return _block(str(event.seq), _kind(event.event), event.event)


def _kind(line: str) -> str:
    return str(json.loads(line)["kind"])


def _block(identifier: str, name: str, data: str) -> bytes:
    return f"id: {identifier}\nevent: {name}\ndata: {data}\n\n".encode("ascii")
