"""What the API answers with. Plain dataclasses: a program may hold lone surrogates, which pydantic refuses."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Response
from pydantic import Field

from sandbox.types import Execution
from selfdebug.service.records import Job, Status


@dataclass(frozen=True)
class BestView:
    """The best candidate so far."""

    turn: Annotated[int, Field(description="Its turn, from 1.")]
    tests_passed: Annotated[int, Field(description="Visible tests that it passes.")]
    tests_total: Annotated[int, Field(description="Visible tests in all.")]
    program: Annotated[str | None, Field(description="Its text; null in lists and right after submission.")] = None


@dataclass(frozen=True)
class JobView:
    """A job."""

    id: Annotated[str, Field(description="Sorts by the time of submission.")]
    status: Status
    reason: Annotated[str | None, Field(description="Why it ended as it did; null before it has.")]
    problem: Annotated[str, Field(description="The problem's own name.")]
    model: str
    owner: Annotated[str | None, Field(description="The id of the API key that submitted it; null without keys.")]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    turns: int
    executions: int
    prompt_tokens: int
    completion_tokens: int
    events: Annotated[int, Field(description="How many events it has; their ids count from 0.")]
    best: Annotated[BestView | None, Field(description="The best candidate; null while there is none.")]


@dataclass(frozen=True)
class JobsView:
    """Jobs, newest first."""

    jobs: tuple[JobView, ...]
    next: Annotated[str | None, Field(description="The cursor of the next page; null on the last one.")] = None


@dataclass(frozen=True)
class SolutionView:
    """The best candidate of a job that has ended."""

    job: str
    status: Status
    turn: int
    tests_passed: int
    tests_total: int
    program: str


@dataclass(frozen=True)
class ExecutionView:
    """What the sandbox observed for one program."""

    problem: Annotated[str, Field(description="The problem's name.")]
    passed: Annotated[bool, Field(description="Whether every known test passes, the hidden ones too.")]
    tests_passed: int
    tests_total: int
    executions: Annotated[
        tuple[Execution, ...], Field(description="One a suite: of the visible tests, then of the hidden ones.")
    ]


@dataclass(frozen=True)
class ModelView:
    """A model that jobs may ask for."""

    name: str
    default: Annotated[bool, Field(description="Whether it is taken where a job names none.")]


@dataclass(frozen=True)
class ModelsView:
    """The models that jobs may ask for."""

    models: tuple[ModelView, ...]


View = JobView | JobsView | SolutionView | ExecutionView | ModelsView


def job_view(job: Job, program: str | None = None) -> JobView:
    """The job, with the best candidate's program where that is wanted."""
    progress = job.progress
    best = BestView(progress.best, progress.tests_passed, progress.tests_total, program) if progress.best else None
    return JobView(
        id=job.id,
        status=job.status,
        reason=job.reason or None,
        problem=job.problem,
        model=job.model,
        owner=job.owner or None,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        turns=progress.turns,
        executions=progress.executions,
        prompt_tokens=progress.prompt_tokens,
        completion_tokens=progress.completion_tokens,
        events=job.version,
        best=best,
    )


def to_json(view: View) -> str:
    """One line, pure ASCII, for the reason that trajectories are."""
    return json.dumps(asdict(view), default=datetime.isoformat)


def answer(view: View, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """The view as the answer to a request."""
    return Response(to_json(view), status, headers, media_type="application/json")
