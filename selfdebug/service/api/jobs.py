"""Jobs: submitted, looked at, listed, cancelled."""

import asyncio
import base64
import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Body, Header, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from selfdebug.service import metrics
from selfdebug.service.api.accept import new_jobs
from selfdebug.service.api.body import StrictRoute
from selfdebug.service.api.caller import Caller, Reader, Submitter
from selfdebug.service.api.details import CONFLICT, KEY_REUSED, NOT_FOUND, QUEUE_FULL, ApiError, Flaw, later
from selfdebug.service.api.openapi import errors, examples
from selfdebug.service.api.requests import BatchRequest, SubmitRequest
from selfdebug.service.api.service import JobId, Service, Shared
from selfdebug.service.api.views import JobsView, JobView, answer, job_view
from selfdebug.service.records import Job, NewJob, Status
from selfdebug.service.store import Conflict, Idempotency, QueueFull

router = APIRouter(prefix="/v1", tags=["jobs"], route_class=StrictRoute)

MAX_WAIT_S = 60
_FULL_S = 10

IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        pattern=r"^[!-~]+$",
        description="A name of your own for this submission. The same key with the same body gives the same jobs "
        "again; kept for at least a day.",
        examples=["7f0c5d1e-submission-1"],
    ),
]

_ADD: dict[str, Any] = {
    "problem": {
        "id": "add",
        "statement": "Write a function add(a, b) that returns the sum of two integers.",
        "tests": {"asserts": ["assert add(1, 2) == 3", "assert add(-1, 1) == 0"]},
    },
    "options": {"feedback": "unit-test+explanation", "budget": {"turns": 5}},
}
_HUMANEVAL: dict[str, Any] = {
    "problem": {
        "task_id": "Example/0",
        "prompt": 'def double(n: int) -> int:\n    """Return twice n.\n    >>> double(2)\n    4\n    """\n',
        "entry_point": "double",
        "test": "def check(candidate):\n    assert candidate(2) == 4\n    assert candidate(-1) == -2\n",
        "canonical_solution": "    return 2 * n\n",
    },
    "options": {"visible": "examples"},
}
_LOCATION = {"Location": {"description": "Where the job is.", "schema": {"type": "string"}}}
_ETAG = {"ETag": {"description": "Changes with every change of the job.", "schema": {"type": "string"}}}
_LINK = {"Link": {"description": 'The next page, `<…>; rel="next"`, if there is one.', "schema": {"type": "string"}}}


@router.post(
    "/jobs",
    operation_id="submitJob",
    summary="Submit a job",
    status_code=202,
    responses={
        202: {"description": "Accepted, and kept whatever happens.", "model": JobView, "headers": _LOCATION},
        **errors(CONFLICT, KEY_REUSED, QUEUE_FULL, body=True),
    },
)
async def submit(
    request: Request,
    service: Shared,
    caller: Submitter,
    body: Annotated[
        SubmitRequest,
        Body(
            openapi_examples=examples(
                [("own", "The project's own format", _ADD), ("humaneval", "A HumanEval row", _HUMANEVAL)]
            )
        ),
    ],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Accept a problem. The answer comes at once; follow the job at its `Location`."""
    [job] = await _submit(request, service, caller, idempotency_key, lambda: new_jobs([body], [()], service.settings))
    return answer(job_view(job), 202, {"Location": f"/v1/jobs/{job.id}"})


@router.post(
    "/jobs:batch",
    operation_id="submitBatch",
    summary="Submit up to 1,000 jobs",
    status_code=202,
    responses={
        202: {"description": "All accepted, in their order.", "model": JobsView},
        **errors(CONFLICT, KEY_REUSED, QUEUE_FULL, body=True),
    },
)
async def submit_batch(
    request: Request,
    service: Shared,
    caller: Submitter,
    body: Annotated[BatchRequest, Body(openapi_examples=examples([("two", "Two jobs", {"jobs": [_ADD, _HUMANEVAL]})]))],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Accept several problems, all or none."""
    places: list[tuple[str | int, ...]] = [("jobs", index) for index in range(len(body.jobs))]
    jobs = await _submit(
        request, service, caller, idempotency_key, lambda: new_jobs(body.jobs, places, service.settings)
    )
    return answer(JobsView(tuple(map(job_view, jobs))), 202)


@router.get(
    "/jobs",
    operation_id="listJobs",
    summary="List jobs",
    responses={200: {"description": "A page of jobs.", "model": JobsView, "headers": _LINK}, **errors()},
)
async def list_jobs(
    service: Shared,
    caller: Reader,
    status: Annotated[list[Status] | None, Query(description="In one of these states.", max_length=6)] = None,
    problem: Annotated[
        str | None, Query(description="With a problem of exactly this name.", max_length=200, pattern=r"^[^\x00]*$")
    ] = None,
    cursor: Annotated[
        str | None, Query(description="Where the last page ended: its `next`.", pattern="^[A-Za-z0-9_-]{22}$")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="The most jobs of one page.")] = 50,
) -> Response:
    """List jobs, newest first: one's own, or everybody's with the scope `admin`."""
    owner = None if caller.admin else caller.owner
    found = await run_in_threadpool(
        service.store.jobs,
        owner=owner,
        status=tuple(status or ()),
        problem=problem or "",
        before=_opened(cursor) if cursor else None,
        limit=limit + 1,
    )
    page, more = found[:limit], len(found) > limit
    following = _cursor(page[-1]) if more else None
    filters = [("status", each.value) for each in status or ()] + ([("problem", problem)] if problem else [])
    query = urlencode([*filters, ("limit", limit), ("cursor", following or "")])
    headers = {"Link": f'</v1/jobs?{query}>; rel="next"'} if following else None
    return answer(JobsView(tuple(map(job_view, page)), following), headers=headers)


@router.get(
    "/jobs/{job_id}",
    operation_id="getJob",
    summary="Look at a job",
    responses={
        200: {"description": "The job as it is now.", "model": JobView, "headers": _ETAG},
        304: {"description": "It is still as `If-None-Match` says.", "headers": _ETAG},
        **errors(NOT_FOUND),
    },
)
async def get_job(
    job_id: JobId,
    service: Shared,
    caller: Reader,
    wait: Annotated[
        float,
        Query(
            ge=0,
            le=MAX_WAIT_S,
            description="Answer when the job has ended (with `If-None-Match`: when it has changed), but after so many "
            "seconds at the latest.",
        ),
    ] = 0,
    if_none_match: Annotated[str | None, Header(description="ETags of an earlier answer.", examples=['"3"'])] = None,
) -> Response:
    """Look at a job, or wait for it."""
    job = await service.job(job_id, caller)
    if wait and not _news(job, if_none_match):
        job = await _changed(service, caller, job, if_none_match, wait)
    headers = {"ETag": _etag(job), "Cache-Control": "no-cache"}
    if if_none_match is not None and _matches(if_none_match, job):
        return Response(status_code=304, headers=headers)
    return answer(await service.view(job), headers=headers)


@router.delete(
    "/jobs/{job_id}",
    operation_id="cancelJob",
    summary="Cancel a job",
    responses={
        200: {"description": "The job, which has ended.", "model": JobView, "headers": _ETAG},
        **errors(NOT_FOUND),
    },
)
async def cancel_job(job_id: JobId, service: Shared, caller: Submitter) -> Response:
    """Cancel a job at once, with whatever the model or the sandbox does for it. One that has ended stays as it is."""
    job = await service.job(job_id, caller)
    cancelled = await run_in_threadpool(service.store.cancel, job.id)
    if cancelled is not None:
        metrics.job_ended(cancelled)
        await service.dispatcher.cancelled(job.id)
    job = cancelled or await service.job(job_id, caller)
    return answer(await service.view(job), headers={"ETag": _etag(job)})


async def _changed(service: Service, caller: Caller, job: Job, tags: str | None, wait_s: float) -> Job:
    """The job as soon as it is what a client waits for, or as it is after so many seconds."""
    now = asyncio.get_running_loop().time
    deadline = now() + wait_s
    with service.dispatcher.watch(job.id) as watch:
        while True:
            job = await service.job(job.id, caller)
            left = deadline - now()
            if _news(job, tags) or left <= 0 or service.closing:
                return job
            await service.news(watch, left)


def _news(job: Job, tags: str | None) -> bool:
    return job.status.terminal or (tags is not None and not _matches(tags, job))


async def _submit(
    request: Request, service: Service, caller: Caller, key: str | None, new: Callable[[], Sequence[NewJob]]
) -> tuple[Job, ...]:
    """Accept jobs and wake those who work on them."""
    body = await request.body()

    def accepted() -> tuple[Job, ...]:
        promise = None
        if key is not None:
            fingerprint = hashlib.sha256(request.url.path.encode() + b"\n" + body).hexdigest()
            promise = Idempotency(caller.owner, key, fingerprint)
        return service.store.submit(caller.owner, new(), key=promise)

    with _alone(service, caller, key):
        try:
            jobs = await run_in_threadpool(accepted)
        except QueueFull as error:
            raise later(QUEUE_FULL, str(error), _FULL_S) from None
        except Conflict:
            flaw = Flaw("was used before with another body; use a new key for a new request", header="Idempotency-Key")
            raise ApiError(KEY_REUSED, f"Idempotency-Key: {flaw.detail}", [flaw]) from None
    await service.dispatcher.wake([job.id for job in jobs])
    return jobs


@contextmanager
def _alone(service: Service, caller: Caller, key: str | None) -> Iterator[None]:
    """Hold the idempotency key while its request is worked on."""
    if key is None:
        yield
        return
    held = (caller.owner, key)
    if held in service.keys_in_flight:
        raise later(CONFLICT, "a request with this Idempotency-Key is being worked on; ask again for its result", 1)
    service.keys_in_flight.add(held)
    try:
        yield
    finally:
        service.keys_in_flight.discard(held)


def _etag(job: Job) -> str:
    return f'"{job.revision}"'


def _matches(header: str, job: Job) -> bool:
    """Whether an `If-None-Match` names the job as it is (RFC 9110, section 13.1.2; weak comparison)."""
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return "*" in tags or _etag(job) in tags


def _cursor(job: Job) -> str:
    return base64.urlsafe_b64encode(bytes.fromhex(job.id)).rstrip(b"=").decode("ascii")


def _opened(cursor: str) -> str:
    return base64.urlsafe_b64decode(f"{cursor}==").hex()
