"""The client against the real service, over a connection that breaks."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from selfdebug.errors import InputError, SelfDebugError
from selfdebug.events import Cancelled, Event, Submitted
from selfdebug.service import client as client_module
from selfdebug.service.client import Client, RemoteJob, ServiceUnavailable
from selfdebug.service.records import Status
from selfdebug.service.settings import Settings

from .api.serving import RECORDED, Served, serve

DEMO: dict[str, Any] = json.loads((Path(__file__).parents[2] / "examples" / "demo.json").read_text())
OPTIONS = {"strategy": "linear", "feedback": "unit-test+explanation"}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    settings = Settings(state=tmp_path, model=f"replay:{RECORDED}", sweep_s=0.5, deliveries=1)
    with serve(settings) as running:
        yield running


@pytest.fixture
def client(served: Served) -> Iterator[Client]:
    with Client(served.url) as made:
        yield made


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "_FIRST_PAUSE_S", 0.01)


class Cutter:
    """A way to the service that cuts each connection after `length` bytes of answer; `None` lets all through.

    It keeps the heads of the requests that came.
    """

    def __init__(self, target: str, length: Callable[[int], int | None]) -> None:
        host, _, port = target.removeprefix("http://").partition(":")
        self._target, self._length = (host, int(port)), length
        self.heads: list[bytes] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            with near, socket.create_connection(self._target) as far, suppress(OSError):
                self._carry(near, far)

    def _carry(self, near: socket.socket, far: socket.socket) -> None:
        asked = near.recv(2**20)
        self.heads.append(asked)
        while b"\r\n\r\n" not in asked or (b"POST" in asked[:5] and asked.endswith(b"\r\n\r\n")):
            asked += near.recv(2**20)
        far.sendall(asked.replace(b"Connection: keep-alive", b"Connection: close"))
        left = self._length(len(self.heads) - 1)
        while left is None or left > 0:
            answer = far.recv(2**16 if left is None else min(left, 2**16))
            if not answer:
                return
            near.sendall(answer)
            left = None if left is None else left - len(answer)

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(30)


@contextmanager
def cutting(served: Served, length: Callable[[int], int | None]) -> Iterator[Cutter]:
    cutter = Cutter(served.url, length)
    try:
        yield cutter
    finally:
        cutter.close()


def stored(served: Served, job: str) -> list[Event]:
    return list(served.store.trajectory(job))


def test_a_job_is_submitted_followed_and_solved(served: Served, client: Client) -> None:
    job = client.submit(DEMO, OPTIONS)
    assert not job.status.terminal
    *events, last = client.watch(job.id)
    assert isinstance(last, RemoteJob)
    assert (last.id, last.status) == (job.id, Status.SOLVED)
    assert isinstance(events[0], Submitted)
    assert events == stored(served, job.id)
    assert last.best
    assert "def group_anagrams" in (last.best.program or "")
    assert client.job(job.id) == last == client.wait(job.id)


@pytest.mark.parametrize("size", [700, 3000, 20_000])
def test_a_stream_that_breaks_off_is_taken_up_again(served: Served, client: Client, size: int) -> None:
    job = client.submit(DEMO, OPTIONS)
    longest = max(len(event.event) for event in served.store.events(job.id)) + size
    with cutting(served, lambda count: longest + size * count) as way, Client(way.url) as over:
        *events, last = over.watch(job.id)
    assert events == stored(served, job.id)
    assert isinstance(last, RemoteJob)
    assert len(way.heads) > 1
    resumed = [head for head in way.heads if b"last-event-id" in head.lower()]
    assert resumed
    assert b"last-event-id" not in way.heads[0].lower()


def test_a_submission_whose_answer_is_lost_is_accepted_once(served: Served) -> None:
    with cutting(served, lambda count: None if count else 10) as way, Client(way.url) as over:
        job = over.submit(DEMO, {"budget": {"turns": 1}})
    assert len(way.heads) == 2
    assert [each.id for each in served.store.jobs(limit=10)] == [job.id]


def test_cancelling_is_seen_by_who_watches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{silent.getsockname()[1]}/v1")
        monkeypatch.setenv("OPENAI_API_KEY", "none")
        with serve(Settings(state=tmp_path, model="openai:silent")) as served, Client(served.url) as client:
            job = client.submit(DEMO)
            watched = client.watch(job.id)
            assert isinstance(next(watched), Submitted)
            assert client.cancel(job.id).status is Status.CANCELLED
            *_, event, last = watched
            assert isinstance(event, Cancelled)
            assert isinstance(last, RemoteJob)
            assert last.status is Status.CANCELLED
            assert client.cancel(job.id) == last


def test_what_is_refused_is_told_in_one_line(client: Client) -> None:
    with pytest.raises(InputError, match="no job"):
        client.job("nothing")
    with pytest.raises(InputError, match="#/options/budget/turns"):
        client.submit(DEMO, {"budget": {"turns": 0}})
    for odd in ("", "..", "../../healthz", "a?b", "é"):
        with pytest.raises(InputError, match="no job"):
            list(client.watch(odd))


def test_a_key_is_sent(served: Served) -> None:
    with Client(served.url, "sd_secret") as client, cutting(served, lambda _: None) as way:
        assert client
        with Client(way.url, "sd_secret") as over, suppress(SelfDebugError):
            over.job("0" * 32)
    assert b"Bearer sd_secret" in way.heads[0]


@pytest.mark.parametrize("url", ["", "nonsense", "ftp://host", "http://", "http://host:port", "http://a b"])
def test_what_is_no_address_is_told(url: str) -> None:
    with pytest.raises(InputError, match="--url"):
        Client(url)


def test_nobody_there_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with Client(f"http://127.0.0.1:{port}", patience_s=0.05) as client:
        for ask in (client.job, client.cancel, client.wait, lambda job: list(client.watch(job))):
            with pytest.raises(ServiceUnavailable, match=f"127.0.0.1:{port}"):
                ask("0" * 32)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nwhat", SelfDebugError),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", SelfDebugError),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n\xff", SelfDebugError),
        (b"HTTP/1.1 302 Found\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n", InputError),
        (b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n[]", InputError),
        (b"HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n", ServiceUnavailable),
        (b"HTTP/1.1 503 No\r\ncontent-length: 0\r\nretry-after: 3600\r\n\r\n", ServiceUnavailable),
        (b"SSH-2.0-OpenSSH\r\n", ServiceUnavailable),
        (b"", ServiceUnavailable),
    ],
)
def test_answers_that_are_none_are_told(answer: bytes, error: type[Exception]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve_it() -> None:
            while True:
                try:
                    near, _ = listening.accept()
                except OSError:
                    return
                with near, suppress(OSError):
                    near.recv(2**16)
                    near.sendall(answer)

        thread = threading.Thread(target=serve_it)
        thread.start()
        with Client(f"http://127.0.0.1:{listening.getsockname()[1]}", patience_s=0.05) as client:
            with pytest.raises(error) as told:
                client.job("0" * 32)
            assert "\n" not in str(told.value)
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(30)


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    with Client(served.url) as client, pytest.raises(InputError, match="no job"):
        client.job("0" * 32)
