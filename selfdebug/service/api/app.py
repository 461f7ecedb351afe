"""The ASGI application."""

from collections.abc import Awaitable, Callable
from importlib import metadata
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.routing import Match

from selfdebug.service import logs, metrics
from selfdebug.service.api import details, executions, jobs, models, openapi, results, stream
from selfdebug.service.api.auth import RateHeaders
from selfdebug.service.api.caller import Authenticate, anybody
from selfdebug.service.api.details import ApiError, later
from selfdebug.service.api.flaws import flaws
from selfdebug.service.api.health import health_router, service_checks
from selfdebug.service.api.service import Service
from selfdebug.service.dispatch import Dispatcher
from selfdebug.service.page.router import page_router
from selfdebug.service.settings import Settings
from selfdebug.service.store import Store, StoreUnavailable

_AGAIN_S = 5
_log = logs.get(__name__)
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_DESCRIPTION = """\
Post a problem with its tests; a model writes a program, the sandbox runs it, and the model repairs it until the tests
pass or the budget is spent. Every error is a problem document (RFC 9457) that names the field that is wrong.
"""


def create_app(
    settings: Settings,
    store: Store,
    dispatcher: Dispatcher,
    *,
    authenticate: Authenticate = anybody,
    keys_required: bool = False,
) -> FastAPI:
    """The application over an open store and a dispatcher at work. Whoever opened them closes them.

    Before the server ends, `app.state.service.close()` ends its streams.

    Args:
        authenticate: Tells who asks, or raises an `ApiError`; by default everybody is let in, with all rights.
        keys_required: Nobody is let in without a key; the OpenAPI document says so.
    """
    app = FastAPI(
        title="selfdebug",
        version=metadata.version("selfdebug"),
        summary="Code that is generated, run and repaired.",
        description=_DESCRIPTION,
        openapi_tags=openapi.TAGS,
        docs_url=None,  # they load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.service = Service(settings, store, dispatcher, authenticate)
    for router in (jobs.router, stream.router, results.router, executions.router, models.router, page_router()):
        app.include_router(router)
    app.include_router(health_router(service_checks(store, dispatcher), _refresh(store)))
    app.add_middleware(RateHeaders)
    _handle_errors(app)
    made: dict[str, Any] = {}

    def document() -> dict[str, Any]:
        if not made:
            made.update(openapi.document(app, keys=keys_required))
        return made

    app.openapi = document  # type: ignore[method-assign]
    return app


def _refresh(store: Store) -> Callable[[], Awaitable[None]]:
    async def refresh() -> None:
        counts = await run_in_threadpool(store.counts)
        metrics.stored(counts.by_status, counts.oldest_queued_s)

    return refresh


def _handle_errors(app: FastAPI) -> None:
    @app.exception_handler(ApiError)
    async def told(request: Request, error: ApiError) -> Response:
        return error.response()

    @app.exception_handler(RequestValidationError)
    async def wrong(request: Request, error: RequestValidationError) -> Response:
        return details.invalid(flaws(error)).response()

    @app.exception_handler(StoreUnavailable)
    async def away(request: Request, error: StoreUnavailable) -> Response:
        metrics.failed("store")
        return later(details.UNAVAILABLE, f"the store: {error}", _AGAIN_S).response()

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        kind, headers = details.kind_of(error.status_code), dict(error.headers or {})
        detail = str(error.detail)
        if kind is details.METHOD_NOT_ALLOWED:
            headers["Allow"] = ", ".join(_allowed(app, request))
            detail = f"{request.method} can't be used here; expected {headers['Allow']}"
        elif kind is details.NOT_FOUND and detail == "Not Found":
            detail = "there is nothing at this path; see /openapi.json for what there is"
        return ApiError(kind, detail, headers=headers).response()

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> Response:
        metrics.failed("api")
        route = getattr(request.scope.get("route"), "path", "")  # as declared: without what the client put in
        _log.error("a request failed", method=request.method, route=route, exc_info=error)
        return ApiError(details.INTERNAL, "the service failed at this request; its log says more").response()


def _allowed(app: FastAPI, request: Request) -> list[str]:
    """All methods of this path; the router itself tells only of the first route that matches."""
    scopes = {method: {**request.scope, "method": method} for method in _METHODS}
    return [
        method
        for method, scope in scopes.items()
        if any(route.matches(scope)[0] is Match.FULL for route in app.router.routes)
    ]
