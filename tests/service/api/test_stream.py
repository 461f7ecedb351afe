"""A job's events as server-sent events: whole, in order, resumed without a gap, and with an end."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from selfdebug.service.api import stream

from .serving import Served
from .test_jobs import Connect, Serve, running, submitted


@dataclass(frozen=True)
class Sent:
    """One event of a stream."""

    id: str
    event: str
    data: dict[str, Any]


def read(lines: Iterator[str]) -> Iterator[Sent]:
    """The events of a stream, as the HTML standard reads them."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
            continue
        if "data" in fields:
            yield Sent(fields["id"], fields["event"], json.loads(fields["data"]))
        fields = {}


def follow(client: httpx.Client, job: str, last: str = "", **query: int) -> list[Sent]:
    """All events of a stream until it ends by itself."""
    headers = {"Last-Event-ID": last} if last else {}
    with client.stream("GET", f"/v1/jobs/{job}/events", params=query, headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        return list(read(answer.iter_lines()))


@pytest.fixture
def ended(client: httpx.Client, demo: dict[str, Any]) -> dict[str, Any]:
    """A job that has ended."""
    job = submitted(client, demo, options={"budget": {"turns": 2}})["id"]
    found: dict[str, Any] = client.get(f"/v1/jobs/{job}", params={"wait": 60}).json()
    assert found["status"] == "unsolved"
    return found


def test_a_stream_is_the_trajectory_and_then_the_job(client: httpx.Client, demo: dict[str, Any]) -> None:
    job = submitted(client, demo, options={"budget": {"turns": 2}})["id"]
    sent = follow(client, job)
    lines = client.get(f"/v1/jobs/{job}/trajectory").text.splitlines()
    assert [each.data for each in sent[:-1]] == list(map(json.loads, lines))
    assert [each.id for each in sent] == [str(number) for number in range(len(lines) + 1)]
    assert [each.event for each in sent] == [each.data["kind"] for each in sent[:-1]] + ["finished"]
    assert sent[-1].data == client.get(f"/v1/jobs/{job}").json()
    assert sent[-1].data["status"] == "unsolved"
    assert sent[-1].data["best"]["program"]


def test_a_stream_of_an_ended_job_is_the_same(client: httpx.Client, ended: dict[str, Any]) -> None:
    job, events = ended["id"], ended["events"]
    whole = follow(client, job)
    assert len(whole) == events + 1
    assert follow(client, job) == whole
    for seen in range(events):
        assert follow(client, job, last=str(seen)) == whole[seen + 1 :]
        assert follow(client, job, after=seen) == whole[seen + 1 :]
    assert follow(client, job, last="1", after=-1) == whole[2:]
    assert follow(client, job, after=-1) == whole


def test_who_has_the_end_is_told_to_stay_away(client: httpx.Client, ended: dict[str, Any]) -> None:
    path = f"/v1/jobs/{ended['id']}/events"
    for last in (ended["events"], ended["events"] + 5):
        answer = client.get(path, headers={"Last-Event-ID": str(last)})
        assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize("last", ["-1", "x", "99999999999", "1.5"])
def test_an_id_that_no_event_has_is_refused(client: httpx.Client, ended: dict[str, Any], last: str) -> None:
    answer = client.get(f"/v1/jobs/{ended['id']}/events", headers={"Last-Event-ID": last})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["header"] == "Last-Event-Id"


def test_a_stream_that_begins_before_the_job_does_goes_to_its_end(
    silent_model: str, serve_with: Serve, connect: Connect, demo: dict[str, Any]
) -> None:
    served = serve_with(model=silent_model, running_jobs=1)
    client = connect(served)
    first, second = submitted(client, demo)["id"], submitted(client, demo)["id"]
    running(client, first)
    with client.stream("GET", f"/v1/jobs/{second}/events") as answer:
        events = read(answer.iter_lines())
        assert next(events).event == "submitted"
        other = connect(served)
        assert other.get(f"/v1/jobs/{second}").json()["status"] == "queued"
        other.delete(f"/v1/jobs/{second}")
        rest = list(events)
    assert [(each.id, each.event) for each in rest] == [("1", "cancelled"), ("2", "finished")]
    assert rest[-1].data["status"] == "cancelled"


def test_a_stream_that_waits_shows_that_it_lives(
    silent_model: str, serve_with: Serve, connect: Connect, demo: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "KEEP_ALIVE_S", 0.05)
    client = connect(serve_with(model=silent_model))
    job = submitted(client, demo)["id"]
    with client.stream("GET", f"/v1/jobs/{job}/events", headers={"Last-Event-ID": "0"}) as answer:
        lines = answer.iter_lines()
        comments = 0
        while comments < 3:
            line = next(lines)
            assert not line.startswith("data")
            comments += line.startswith(":")


def test_many_follow_one_job(served: Served, connect: Callable[..., httpx.Client], demo: dict[str, Any]) -> None:
    clients = [connect(served) for _ in range(8)]
    job = submitted(clients[0], demo, options={"budget": {"turns": 3}})["id"]
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda client: follow(client, job), clients))
    assert all(each == seen[0] for each in seen)
    assert seen[0][-1].event == "finished"


def test_streams_end_when_the_server_does_and_go_on_at_the_next(
    silent_model: str, serve_with: Serve, connect: Connect, demo: dict[str, Any]
) -> None:
    served = serve_with(model=silent_model)
    client = connect(served)
    job = submitted(client, demo)["id"]
    with client.stream("GET", f"/v1/jobs/{job}/events") as answer:
        events = read(answer.iter_lines())
        assert next(events).event == "submitted"
        served.app.state.service.close()
        assert list(events) == []
