"""From a request's body to what the store and the sandbox take, or to an `ApiError` that names the field."""

import ast
from collections.abc import Sequence

from sandbox.types import AssertSuite, QuerySuite, StdioSuite, Suite
from selfdebug.errors import InputError
from selfdebug.formats.convert import Visible, to_problem
from selfdebug.formats.read import Row
from selfdebug.options import Options, Strategy, parse_feedback
from selfdebug.problem import Problem
from selfdebug.service.api.details import Flaw, invalid, pointer
from selfdebug.service.api.requests import AnyFormat, ExecutionRequest, OptionsRequest, SubmitRequest
from selfdebug.service.records import NewJob
from selfdebug.service.settings import Settings
from selfdebug.service.webhooks import check_url
from selfdebug.syntax import FUNCTIONS, try_parse

MAX_FLAWS = 20
_MAX_ID_CHARS = 200
_MAX_TEXT_CHARS = 200_000

Place = tuple[str | int, ...]


class _Flawed(Exception):
    def __init__(self, place: Place, detail: str) -> None:
        super().__init__(detail)
        self.flaw = Flaw(detail, pointer(place))


def new_jobs(requests: Sequence[SubmitRequest], places: Sequence[Place], settings: Settings) -> tuple[NewJob, ...]:
    """The jobs that are asked for.

    Args:
        places: Where each request stands in the body.

    Raises:
        ApiError: One of them is wrong; the first twenty that are, are told.
    """
    jobs, flaws = [], []
    for request, place in zip(requests, places, strict=True):
        try:
            jobs.append(_new_job(request, place, settings))
        except _Flawed as error:
            flaws.append(error.flaw)
            if len(flaws) == MAX_FLAWS:
                break
    if flaws:
        raise invalid(flaws)
    return tuple(jobs)


def tested_problem(request: ExecutionRequest, settings: Settings) -> Problem:
    """The problem whose tests a program is run against.

    Raises:
        ApiError: It is wrong, or has no tests.
    """
    try:
        problem = _problem(request.problem, "all", (), settings)
        if problem.visible is None and not problem.hidden:
            raise _Flawed(("problem",), "has no tests to run the program against; give the field 'tests'")
    except _Flawed as error:
        raise invalid([error.flaw]) from None
    return problem


def offered(settings: Settings) -> tuple[str, ...]:
    """The models that jobs may ask for, the default first."""
    return tuple(dict.fromkeys((settings.model, *settings.models)))


def _new_job(request: SubmitRequest, place: Place, settings: Settings) -> NewJob:
    options = _options(request.options, place, settings)
    problem = _problem(request.problem, request.options.visible, place, settings)
    if request.webhook is not None:
        try:
            check_url(request.webhook, private=settings.webhooks_to_private_addresses)
        except ValueError as error:
            raise _Flawed((*place, "webhook"), str(error)) from None
    return NewJob(problem, options, request.webhook or "")


def _options(request: OptionsRequest, place: Place, settings: Settings) -> Options:
    models = offered(settings)
    if request.model is not None and request.model not in models:
        detail = f"{request.model[:100]!r} is not offered here; expected one of {', '.join(models)}"
        raise _Flawed((*place, "options", "model"), detail)
    return Options(
        model=request.model or settings.model,
        feedback=parse_feedback(request.feedback),
        budget=request.budget.value(),
        sampling=request.sampling.value(),
        limits=request.limits.value(),
        strategy=Strategy(request.strategy),
        samples=request.samples,
        few_shot=request.few_shot,
    )


def _problem(fields: AnyFormat, visible: Visible, place: Place, settings: Settings) -> Problem:
    place = (*place, "problem")
    if not fields:
        raise _Flawed(place, "is an empty object; expected a problem, with the field 'statement'")
    _require_short(fields, place)
    try:
        problem = to_problem(Row("problem", "", fields), visible)
    except InputError as error:
        raise _Flawed((*place, *_steps(error.place, fields)), error.problem) from None
    _require_modest(problem, fields, place, settings)
    return problem


def _require_modest(problem: Problem, fields: AnyFormat, place: Place, settings: Settings) -> None:
    name = "task_id" if "task_id" in fields else "id"
    if len(problem.id) > _MAX_ID_CHARS or not problem.id.isprintable():
        raise _Flawed((*place, name), f"expected at most {_MAX_ID_CHARS} printable characters")
    count = sum(_tests(suite) for suite in (problem.visible, *problem.hidden) if suite is not None)
    if count > settings.tests_limit:
        raise _Flawed(place, f"has {count:,} tests; at most {settings.tests_limit:,} may be given")


def _require_short(value: object, place: Place) -> None:
    """Parsing a very long text would keep everybody waiting. `value` is as deep as a body may be."""
    match value:
        case str() if len(value) > _MAX_TEXT_CHARS:
            raise _Flawed(place, f"expected at most {_MAX_TEXT_CHARS:,} characters, found {len(value):,}")
        case dict():
            for name, inner in value.items():
                _require_short(inner, (*place, name))
        case list():
            for index, inner in enumerate(value):
                _require_short(inner, (*place, index))


def _tests(suite: Suite) -> int:
    match suite:
        case AssertSuite():
            return len(suite.asserts)
        case StdioSuite():
            return len(suite.cases)
        case QuerySuite():
            return 1
    tree = try_parse(suite.source)
    return sum(isinstance(node, (ast.Assert, *FUNCTIONS)) for node in ast.walk(tree)) if tree else 0


def _steps(place: str, fields: object) -> Place:
    """The path that a place such as `tests.asserts[2]` spells out, also where a field's own name has dots in it."""
    steps: list[str | int] = []
    while place:
        if place.startswith("[") and (end := place.find("]")) > 0 and place[1:end].isdecimal():
            index, place = int(place[1:end]), place[end + 1 :]
            fields = fields[index] if isinstance(fields, list) and index < len(fields) else None
            steps.append(index)
        else:
            name = _name(place, fields)
            place = place[len(name) :]
            fields = fields.get(name) if isinstance(fields, dict) else None
            steps.append(name)
        place = place.removeprefix(".")
    return tuple(steps)


def _name(place: str, fields: object) -> str:
    names: list[str] = [name for name in fields if name and place.startswith(name)] if isinstance(fields, dict) else []
    whole = [name for name in names if place[len(name) :][:1] in ("", ".", "[")]
    if whole:
        return max(whole, key=len)
    cut = min(at for at in (place.find("."), place.find("["), len(place)) if at > 0)
    return place[:cut]
