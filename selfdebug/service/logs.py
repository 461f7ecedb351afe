"""Logs as JSON lines, one an event, with job ids; never code, prompts, answers or keys.

What may stand in a line is listed, not what may not: a field that is unknown here is dropped, and an exception is told
by its types and places, because messages quote what they choke on. Lines of other libraries are cut to their first
one, and secrets in them blanked.
"""

import logging
import re
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, TextIO

import structlog
from structlog.contextvars import bind_contextvars, merge_contextvars, reset_contextvars

from selfdebug.errors import ModelUnavailable

FIELDS = frozenset(
    (
        "action",
        "address",
        "attempts",
        "backend",
        "bytes",
        "count",
        "deliveries",
        "duration_s",
        "event",
        "fence",
        "holder",
        "host",
        "job",
        "key",
        "kind",
        "level",
        "lifetime_s",
        "limit",
        "logger",
        "method",
        "model",
        "note",
        "owner",
        "part",
        "path",
        "pid",
        "port",
        "problem_type",
        "queue",
        "reason_code",
        "route",
        "seconds",
        "service",
        "signal",
        "status",
        "step",
        "task",
        "timestamp",
        "tokens",
        "turn",
        "turns",
        "version",
        "worker",
    )
)
_TEXT_LIMIT = 200
_SECRETS = re.compile(
    r"(?P<kept>://[^/\s:@]*:)[^/\s@]+(?=@)"  # a password in a URL
    r"|(?P<word>\b(?:bearer|basic)\s+)\S+"
    r"|\b(?:sd|sk|whsec)_[A-Za-z0-9_\-+/=]+|\bsk-[A-Za-z0-9_\-]{8,}",
    re.IGNORECASE,
)

Line = MutableMapping[str, Any]


def configure(*, level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send every log of this process, other libraries' too, to `stream` (standard error) as JSON lines."""
    shared: list[structlog.typing.Processor] = [
        merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_foreign, *shared],
            processors=[_exception, _listed, structlog.processors.JSONRenderer(ensure_ascii=True)],
            use_get_message=False,
            pass_foreign_args=True,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "celery", "alembic"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name in ("uvicorn.access", "httpx", "httpcore", "alembic", "sqlalchemy", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)  # their lines of every request hold what ours leave out


def get(name: str) -> structlog.stdlib.BoundLogger:
    """A logger. Its fields are `FIELDS`; the event is a fixed phrase, never made with a value in it."""
    return structlog.stdlib.get_logger(name)


@contextmanager
def about(**fields: object) -> Iterator[None]:
    """Put these fields (`job`, `step`) on every line that is written within, in this task and those it starts."""
    tokens = bind_contextvars(**fields)
    try:
        yield
    finally:
        reset_contextvars(**tokens)


def clean(text: str) -> str:
    """The text's first line, cut, with passwords and keys blanked."""
    first = text.strip().split("\n", 1)[0]
    first = _SECRETS.sub(lambda found: f"{found['kept'] or found['word'] or ''}***", first)
    return first if len(first) <= _TEXT_LIMIT else first[: _TEXT_LIMIT - 1] + "…"


def _foreign(logger: Any, method: str, line: Line) -> Line:
    """The message of another library, without what it fills in from a task's arguments or an exception."""
    template, arguments = str(line["event"]), line.pop("positional_args", ())
    if isinstance(arguments, dict):
        arguments = {name: _plain(value) for name, value in arguments.items()}
        for name in {"exc", "args", "kwargs", "traceback", "return_value"} & arguments.keys():
            arguments[name] = "…"
    elif arguments:
        arguments = tuple(map(_plain, arguments))
    try:
        line["event"] = template % arguments if arguments else template
    except (TypeError, ValueError, KeyError):
        line["event"] = template
    return line


def _plain(value: object) -> object:
    """Numbers and text as they are; of anything else only what it is."""
    return value if isinstance(value, str | int | float | None) else type(value).__name__


def _exception(logger: Any, method: str, line: Line) -> Line:
    told = line.pop("exc_info", None)
    if told is True:
        told = sys.exc_info()
    error = told[1] if isinstance(told, tuple) else told
    if isinstance(error, BaseException):
        line["exception"] = list(_told(error))
    return line


def _told(error: BaseException) -> Iterator[dict[str, object]]:
    """An exception and its causes, outermost first: the types and the places, and words only where they are our own."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        one: dict[str, object] = {"type": type(current).__qualname__, "at": _places(current.__traceback__)}
        if isinstance(current, OSError) and current.strerror:
            one["said"] = clean(current.strerror)
        elif isinstance(current, ModelUnavailable):
            one["said"] = clean(str(current))
        yield one
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def _places(trace: TracebackType | None) -> list[str]:
    places = []
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return places[-12:]


def _listed(logger: Any, method: str, line: Line) -> Line:
    kept: dict[str, Any] = {}
    for name, value in line.items():
        if name == "exception":
            kept[name] = value
        elif name in FIELDS and isinstance(value, str):
            kept[name] = clean(value)
        elif name in FIELDS and isinstance(value, bool | int | float | None):
            kept[name] = value
    return kept
