"""What came of a job: its answer as a program, and its trajectory as `solve --out` keeps it."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Header, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from selfdebug.service.api.body import StrictRoute
from selfdebug.service.api.caller import Reader
from selfdebug.service.api.details import CONFLICT, NOT_FOUND, ApiError, later
from selfdebug.service.api.openapi import errors
from selfdebug.service.api.service import JobId, Shared
from selfdebug.service.api.views import SolutionView, answer
from selfdebug.service.store import Store

router = APIRouter(prefix="/v1", tags=["results"], route_class=StrictRoute)

_PYTHON = "text/x-python; charset=utf-8"
_LINES = "application/x-ndjson"
_PAGE = 100
_FILE = {"Content-Disposition": {"description": "A file's name for it.", "schema": {"type": "string"}}}


@router.get(
    "/jobs/{job_id}/solution",
    operation_id="getSolution",
    summary="Fetch the best candidate",
    responses={
        200: {
            "description": "The program as text, or with its facts where `Accept` asks for JSON.",
            "model": SolutionView,
            "content": {
                "text/x-python": {"schema": {"type": "string"}, "example": "def add(a, b):\n    return a + b\n"}
            },
            "headers": _FILE,
        },
        **errors(NOT_FOUND, CONFLICT),
    },
)
async def get_solution(
    job_id: JobId,
    service: Shared,
    caller: Reader,
    accept: Annotated[str | None, Header(description="`application/json` for the program with its facts.")] = None,
) -> Response:
    """The best candidate of a job that has ended, whether it is solved or not."""
    job = await service.job(job_id, caller)
    if not job.status.terminal:
        raise later(CONFLICT, f"the job is still {job.status}; wait for its end with GET /v1/jobs/{job.id}?wait=60", 1)
    program = await run_in_threadpool(service.best_program, job)
    if program is None:
        raise ApiError(
            NOT_FOUND, f"the job has no candidate: it is {job.status}" + (f", {job.reason}" * bool(job.reason))
        )
    if "application/json" in (accept or ""):
        progress = job.progress
        facts = SolutionView(job.id, job.status, progress.best, progress.tests_passed, progress.tests_total, program)
        return answer(facts, headers={"Vary": "Accept"})
    name = {"Content-Disposition": f'inline; filename="{job.id}.py"', "Vary": "Accept"}
    return Response(program.encode("utf-8", "surrogatepass"), headers=name, media_type=_PYTHON)


@router.get(
    "/jobs/{job_id}/trajectory",
    operation_id="getTrajectory",
    summary="Download the trajectory",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "All events so far, one JSON object a line: a file that `selfdebug replay` reads.",
            "content": {_LINES: {"schema": {"type": "string"}}},
            "headers": _FILE,
        },
        **errors(NOT_FOUND),
    },
)
async def get_trajectory(job_id: JobId, service: Shared, caller: Reader) -> Response:
    """All events of a job until now."""
    job = await service.job(job_id, caller)
    name = {"Content-Disposition": f'attachment; filename="{job.id}.jsonl"'}
    return StreamingResponse(_lines(service.store, job.id, job.version), headers=name, media_type=_LINES)


def _lines(store: Store, job: str, end: int) -> Iterator[bytes]:
    for first in range(0, end, _PAGE):
        for event in store.events(job, first - 1, min(_PAGE, end - first)):
            yield event.event.encode("ascii") + b"\n"
