"""A client of the service's REST interface: what the commands use, and anybody may."""

import json
import time
import uuid
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from types import TracebackType
from typing import Any, TypeVar

import httpx
from pydantic import TypeAdapter, ValidationError

from selfdebug.errors import InputError, SelfDebugError
from selfdebug.events import Event
from selfdebug.service.addresses import is_loopback
from selfdebug.service.records import Status
from selfdebug.service.sse import ServerEvent, read_events
from selfdebug.trajectory import from_json

_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_SILENCE_S = 45.0  # the service says something every 15 s
_WAIT_S = 50
_TRIES = 3
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.3, 10.0
_FINISHED = "finished"
_T = TypeVar("_T")


class ServiceUnavailable(SelfDebugError):
    """The service can't be reached, is overloaded, or failed.

    Attributes:
        again_s: When it says that one may try again; 0 where it says nothing.
    """

    def __init__(self, message: str, again_s: float = 0.0) -> None:
        self.again_s = again_s
        super().__init__(message)


@dataclass(frozen=True)
class RemoteBest:
    """The best candidate so far; `program` is None where the service leaves it out."""

    turn: int
    tests_passed: int
    tests_total: int
    program: str | None = None


@dataclass(frozen=True)
class RemoteJob:
    """A job as the service tells of it."""

    id: str
    status: Status
    reason: str | None
    problem: str
    model: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    turns: int
    executions: int
    prompt_tokens: int
    completion_tokens: int
    best: RemoteBest | None


@cache
def _job_adapter() -> TypeAdapter[RemoteJob]:
    return TypeAdapter(RemoteJob)


class Client:
    """Speaks to one service. Whatever does no harm when repeated is tried again when the connection fails.

    Args:
        url: Of the service, for example `http://127.0.0.1:8000`.
        key: An API key; empty where none is asked for.
        patience_s: How long `wait` and `watch` put up with a service that is away.

    Raises:
        InputError: The URL is not one. Of all methods: the service refuses what it was asked.
        ServiceUnavailable: Of all methods: it can't be reached, is overloaded, or failed.
    """

    def __init__(self, url: str, key: str = "", *, patience_s: float = 300.0) -> None:
        self._patience_s = patience_s
        headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        try:
            parsed = httpx.URL(url)
            if parsed.scheme not in ("http", "https") or not parsed.host or "%" in parsed.host:
                raise httpx.InvalidURL("expected http://HOST:PORT or https://HOST")
            self._http = httpx.Client(
                base_url=parsed, headers=headers, timeout=_TIMEOUT, trust_env=not is_loopback(parsed.host)
            )
        except httpx.InvalidURL as error:
            raise InputError("--url", "", f"{url!r} is not the address of a service: {error}") from None
        except UnicodeEncodeError:
            raise InputError(
                "SELFDEBUG_API_KEY", "", "holds characters that no key has; give it as it was shown"
            ) from None

    def submit(
        self,
        problem: Mapping[str, object],
        options: Mapping[str, object] | None = None,
        *,
        webhook: str = "",
        idempotency_key: str = "",
    ) -> RemoteJob:
        """Submit a problem, as a JSON object of any format that `solve` reads. It is accepted once, however often
        the connection fails on the way.
        """
        body = {"problem": problem, "options": options or {}} | ({"webhook": webhook} if webhook else {})
        headers = {"Idempotency-Key": idempotency_key or str(uuid.uuid4()), "Content-Type": "application/json"}
        content = json.dumps(body).encode("ascii")
        return _job(self._repeated(lambda: self._ask("POST", "/v1/jobs", content=content, headers=headers)))

    def job(self, job: str, *, wait_s: int = 0) -> RemoteJob:
        """A job as it is; with `wait_s` (60 at the most) as it is at its end, or then."""
        return _job(self._repeated(lambda: self._look(job, wait_s)))

    def cancel(self, job: str) -> RemoteJob:
        """Cancel a job at once. One that has ended stays as it is."""
        return _job(self._repeated(lambda: self._ask("DELETE", _path(job))))

    def wait(self, job: str) -> RemoteJob:
        """Wait for a job's end."""
        waiting = _Patience(self._patience_s)
        while True:
            try:
                found = _job(self._look(job, _WAIT_S))
            except ServiceUnavailable as error:
                waiting.after(error)
                continue
            if found.status.terminal:
                return found
            waiting.renew()

    def watch(self, job: str) -> Iterator[Event | RemoteJob]:
        """Follow a job: its events from the first on, each once, as they happen; at last the job, which has ended.

        A stream that breaks off is taken up again where it was.
        """
        waiting, seen = _Patience(self._patience_s), -1
        while True:
            try:
                with closing(self._stream(job, seen)) as events:
                    for event in events:
                        waiting.renew()
                        if event.name == _FINISHED:
                            yield _decoded(event.data, _job_adapter().validate_python)
                            return
                        number = int(event.id) if event.id.isdecimal() else -1
                        if number <= seen:
                            continue
                        if number > seen + 1:
                            raise ServiceUnavailable(f"the service left out event {seen + 1} of job {job}")
                        yield _event(event.data)
                        seen = number
                raise ServiceUnavailable("the service ended the stream before the job")
            except ServiceUnavailable as error:
                waiting.after(error)

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _look(self, job: str, wait_s: int) -> httpx.Response:
        timeout = httpx.Timeout(wait_s + 30.0, connect=10.0)
        return self._ask("GET", _path(job), params={"wait": wait_s} if wait_s else None, timeout=timeout)

    def _stream(self, job: str, seen: int) -> Generator[ServerEvent, None, None]:
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": str(seen)} if seen >= 0 else {})
        timeout = httpx.Timeout(_SILENCE_S, connect=10.0)
        with (
            _failures(self._http),
            self._http.stream("GET", f"{_path(job)}/events", headers=headers, timeout=timeout) as answer,
        ):
            if not answer.is_success:
                answer.read()
            _require_success(answer)
            yield from read_events(answer.iter_bytes())

    def _ask(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        with _failures(self._http):
            answer = self._http.request(method, path, **arguments)
        _require_success(answer)
        return answer

    def _repeated(self, ask: Callable[[], _T]) -> _T:
        """Ask, and again a few times where the service is not there, or says that it will be."""
        pause_s = _FIRST_PAUSE_S
        for _ in range(_TRIES - 1):
            try:
                return ask()
            except ServiceUnavailable as error:
                if error.again_s > _LONGEST_PAUSE_S:
                    raise
                time.sleep(max(pause_s, error.again_s))
                pause_s *= 3
        return ask()


class _Patience:
    """How long to go on with a service that is away, and how long to wait before each new try."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.renew()

    def renew(self) -> None:
        """The service is there."""
        self._since = time.monotonic()
        self._pause_s = _FIRST_PAUSE_S

    def after(self, error: ServiceUnavailable) -> None:
        """Wait for the next try, or raise the error: it has lasted too long."""
        if time.monotonic() - self._since > self._seconds:
            raise error
        time.sleep(max(self._pause_s, min(error.again_s, 60.0)))
        self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)


@contextmanager
def _failures(client: httpx.Client) -> Iterator[None]:
    try:
        yield
    except (httpx.TransportError, httpx.DecodingError) as error:
        reason = str(error) or type(error).__name__
        raise ServiceUnavailable(f"no service answers at {client.base_url}: {reason}") from error


def _require_success(answer: httpx.Response) -> None:
    """Turn an error of the service into an exception.

    Raises:
        InputError: What was asked for is wrong, or may not be asked for.
        ServiceUnavailable: It failed, or has too much to do.
    """
    if answer.is_success:
        return
    status, detail = answer.status_code, _detail(answer)
    if status >= 500 or status in (408, 409, 425, 429):
        again = answer.headers.get("retry-after", "")
        raise ServiceUnavailable(f"the service: {detail}", float(again) if again.isdecimal() else 0.0)
    if status in (401, 403):
        raise InputError("SELFDEBUG_API_KEY", "", detail)
    raise InputError("the service", "", detail)


def _detail(answer: httpx.Response) -> str:
    """What a problem document says, or what there is to say without one."""
    try:
        document = answer.json()
        detail = document["detail"]
    except (ValueError, KeyError, TypeError):
        detail = None
    if isinstance(detail, str) and detail:
        return detail.splitlines()[0]
    return f"status {answer.status_code} {answer.reason_phrase}; is this a service of selfdebug?"


def _job(answer: httpx.Response) -> RemoteJob:
    return _decoded(answer.content, _job_adapter().validate_python)


def _event(line: str) -> Event:
    return _decoded(line, lambda _: from_json(line))


def _decoded(content: str | bytes, read: Callable[[Any], _T]) -> _T:
    """What the service sent, as what it should be.

    Raises:
        SelfDebugError: It is something else.
    """
    try:
        return read(json.loads(content))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        what = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    except ValueError as error:
        what = str(error)
    raise SelfDebugError(f"what the service sent can't be understood ({what}); is it of this version?")


def _path(job: str) -> str:
    if not (job.isascii() and job.isalnum()):
        raise InputError("JOB", "", f"{job[:60]!r} is no job's id; it is what submit printed")
    return f"/v1/jobs/{job}"
