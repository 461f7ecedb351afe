"""One program against the tests of a problem: no model, no job."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request, Response
from starlette.concurrency import run_in_threadpool

from sandbox.errors import SandboxError
from sandbox.types import Execution
from selfdebug.problem import Problem
from selfdebug.service.api.accept import tested_problem
from selfdebug.service.api.body import StrictRoute
from selfdebug.service.api.caller import Submitter
from selfdebug.service.api.details import BUSY, UNAVAILABLE, later
from selfdebug.service.api.openapi import errors, examples
from selfdebug.service.api.requests import ExecutionRequest
from selfdebug.service.api.service import Service, Shared
from selfdebug.service.api.views import ExecutionView, answer
from selfdebug.service.dispatch import WorkersUnavailable

router = APIRouter(prefix="/v1", tags=["sandbox"], route_class=StrictRoute)

_AGAIN_S = 5
_ADD: dict[str, Any] = {
    "problem": {
        "statement": "Write a function add(a, b) that returns the sum of two integers.",
        "tests": {"asserts": ["assert add(1, 2) == 3", "assert add(-1, 1) == 0"]},
    },
    "program": "def add(a, b):\n    return a + b\n",
}


@router.post(
    "/executions",
    operation_id="execute",
    summary="Run a program against tests",
    responses={
        200: {"description": "What was observed; also where tests fail.", "model": ExecutionView},
        **errors(BUSY, body=True),
    },
)
async def execute(
    request: Request,
    service: Shared,
    caller: Submitter,
    body: Annotated[ExecutionRequest, Body(openapi_examples=examples([("add", "Two asserts", _ADD)]))],
) -> Response:
    """Run a program in the sandbox against all tests of a problem, and wait for what comes of it."""
    problem = await run_in_threadpool(tested_problem, body, service.settings)
    async with service.box():
        run = asyncio.create_task(_run(service, problem, body))
        gone = asyncio.create_task(_disconnected(request))
        try:
            await asyncio.wait((run, gone), return_when=asyncio.FIRST_COMPLETED)
            if not run.done():
                return Response(status_code=499)  # nobody hears it
            return answer(_view(problem, run.result()))
        except (SandboxError, WorkersUnavailable) as error:
            raise later(UNAVAILABLE, str(error), _AGAIN_S) from error
        finally:
            run.cancel()
            gone.cancel()
            await asyncio.gather(run, gone, return_exceptions=True)


async def _run(service: Service, problem: Problem, body: ExecutionRequest) -> tuple[Execution, ...]:
    suites = [suite for suite in (problem.visible, *problem.hidden) if suite is not None]
    limits = body.limits.value()
    return tuple([await service.dispatcher.execute(body.program, suite, limits) for suite in suites])


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _view(problem: Problem, executions: tuple[Execution, ...]) -> ExecutionView:
    return ExecutionView(
        problem=problem.id,
        passed=all(each.passed for each in executions),
        tests_passed=sum(each.tests_passed for each in executions),
        tests_total=sum(len(each.tests) for each in executions),
        executions=executions,
    )
