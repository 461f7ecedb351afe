"""Jobs over a real connection: submitted, followed, listed, cancelled, and never doubled or lost."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any

import httpx
import pytest

from selfdebug.service import metrics

from .serving import Served

Serve = Callable[..., Served]
Connect = Callable[..., httpx.Client]


def submitted(
    client: httpx.Client, problem: dict[str, Any], options: Mapping[str, object] | None = None, **body: object
) -> dict[str, Any]:
    """The new job; by default its strategy is that of the recording."""
    body |= {"problem": problem, "options": {"strategy": "linear", **(options or {})}}
    answer = client.post("/v1/jobs", json=body)
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json()
    return job


def running(client: httpx.Client, job: str) -> dict[str, Any]:
    """The job when it is no longer queued."""
    answer = client.get(f"/v1/jobs/{job}")
    while answer.json()["status"] == "queued":
        answer = client.get(f"/v1/jobs/{job}?wait=30", headers={"If-None-Match": answer.headers["etag"]})
    found: dict[str, Any] = answer.json()
    return found


def test_a_job_is_accepted_at_once_and_solved_in_the_end(client: httpx.Client, demo: dict[str, Any]) -> None:
    answer = client.post("/v1/jobs", json={"problem": demo, "options": {"strategy": "linear", "budget": {"turns": 3}}})
    assert answer.status_code == 202
    job = answer.json()
    assert answer.headers["location"] == f"/v1/jobs/{job['id']}"
    assert (job["problem"], job["events"], job["best"]) == ("anagrams", 1, None)
    ended = client.get(answer.headers["location"], params={"wait": 60}).json()
    assert ended["status"] == "unsolved"
    assert "1 of 3 visible tests pass" in ended["reason"]
    assert ended["turns"] == 3
    assert ended["best"]["turn"] == 1
    assert (ended["best"]["tests_passed"], ended["best"]["tests_total"]) == (1, 3)
    assert ended["best"]["program"].startswith("def group_anagrams(words):")
    assert ended["created_at"] <= ended["started_at"] <= ended["finished_at"]


def test_a_job_that_has_not_changed_is_not_sent_again(client: httpx.Client, demo: dict[str, Any]) -> None:
    job = submitted(client, demo)["id"]
    first = client.get(f"/v1/jobs/{job}", params={"wait": 60})
    tag = first.headers["etag"]
    for header in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = client.get(f"/v1/jobs/{job}", headers={"If-None-Match": header})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.get(f"/v1/jobs/{job}", headers={"If-None-Match": '"other"'}).status_code == 200


def test_who_knows_a_job_may_wait_for_its_next_change(
    silent_model: str, serve_with: Serve, connect: Connect, demo: dict[str, Any]
) -> None:
    client = connect(serve_with(model=silent_model))
    job = submitted(client, demo)["id"]
    running(client, job)
    tag = client.get(f"/v1/jobs/{job}").headers["etag"]
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.get, f"/v1/jobs/{job}", params={"wait": 60}, headers={"If-None-Match": tag})
        client.delete(f"/v1/jobs/{job}")
        assert waiting.result().json()["status"] == "cancelled"
    same = client.get(f"/v1/jobs/{job}", params={"wait": 0.2}, headers={"If-None-Match": "*"})
    assert same.status_code == 304


@pytest.mark.parametrize("wait", ["-1", "61", "nan", "soon"])
def test_a_wait_has_bounds(client: httpx.Client, demo: dict[str, Any], wait: str) -> None:
    job = submitted(client, demo)["id"]
    answer = client.get(f"/v1/jobs/{job}", params={"wait": wait})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "wait"


def test_cancelling_ends_a_running_and_a_queued_job_at_once(
    silent_model: str, serve_with: Serve, connect: Connect, demo: dict[str, Any]
) -> None:
    client = connect(serve_with(model=silent_model, running_jobs=1))
    first, second = submitted(client, demo)["id"], submitted(client, demo)["id"]
    assert running(client, first)["status"] == "running"
    counted = cancelled_jobs()
    for job in (second, first):
        answer = client.delete(f"/v1/jobs/{job}")
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
        assert answer.json()["events"] == 2
        again = client.delete(f"/v1/jobs/{job}")
        assert (again.status_code, again.json(), again.headers["etag"]) == (200, answer.json(), answer.headers["etag"])
        assert client.get(f"/v1/jobs/{job}").json() == answer.json()
    assert cancelled_jobs() == counted + 2  # each once, though asked twice


def cancelled_jobs() -> float:
    return metrics.registry.get_sample_value("selfdebug_jobs_ended_total", {"status": "cancelled"}) or 0.0


def test_a_list_pages_through_all_jobs_newest_first(
    silent_model: str, serve_with: Serve, connect: Connect, demo: dict[str, Any]
) -> None:
    client = connect(serve_with(model=silent_model))
    ids = [submitted(client, demo | {"id": f"p{number % 2}"})["id"] for number in range(7)]
    client.delete(f"/v1/jobs/{ids[0]}")

    def pages(path: str) -> Iterator[list[str]]:
        while path:
            answer = client.get(path)
            yield [job["id"] for job in answer.json()["jobs"]]
            link = answer.links.get("next", {}).get("url", "")
            assert bool(link) == (answer.json()["next"] is not None)
            path = link

    assert list(pages("/v1/jobs?limit=3")) == [ids[:3:-1], ids[3:0:-1], ids[:1]]
    assert list(pages("/v1/jobs?limit=2&problem=p1")) == [[ids[5], ids[3]], [ids[1]]]
    assert list(pages("/v1/jobs?status=cancelled&status=solved")) == [ids[:1]]
    assert list(pages("/v1/jobs?problem=other")) == [[]]
    odd = {"problem": "ä & ö=?", "limit": 1}
    for _ in range(2):
        submitted(client, demo | {"id": "ä & ö=?"})
    first = client.get("/v1/jobs", params=odd)
    assert client.get(first.links["next"]["url"]).json()["jobs"][0]["problem"] == "ä & ö=?"


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("status=lost", "status"),
        ("cursor=x", "cursor"),
        ("problem=%00", "problem"),
        ("stauts=queued", "stauts"),
    ],
)
def test_a_wrong_filter_is_named(client: httpx.Client, query: str, parameter: str) -> None:
    answer = client.get(f"/v1/jobs?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == parameter


@pytest.mark.parametrize("job", ["0" * 32, "x", "%00", "a" * 5000, "%F0%9F%90%8D", "0" * 31 + "Z"])
@pytest.mark.parametrize("rest", ["", "/events", "/solution", "/trajectory"])
def test_a_job_that_is_not_there_is_not_found(client: httpx.Client, job: str, rest: str) -> None:
    answer = client.get(f"/v1/jobs/{job}{rest}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert "no job of this id" in answer.json()["detail"]


def test_the_same_key_and_body_are_the_same_job(client: httpx.Client, demo: dict[str, Any]) -> None:
    body = {"problem": demo}
    first = client.post("/v1/jobs", json=body, headers={"Idempotency-Key": "one"})
    again = client.post("/v1/jobs", json=body, headers={"Idempotency-Key": "one"})
    other = client.post("/v1/jobs", json=body, headers={"Idempotency-Key": "two"})
    assert first.status_code == again.status_code == other.status_code == 202
    assert first.json()["id"] == again.json()["id"] != other.json()["id"]
    assert len(client.get("/v1/jobs").json()["jobs"]) == 2
    batch = {"jobs": [body, body]}
    ids = [
        [job["id"] for job in answer.json()["jobs"]]
        for answer in (client.post("/v1/jobs:batch", json=batch, headers={"Idempotency-Key": "b"}) for _ in range(2))
    ]
    assert ids[0] == ids[1]
    assert len(client.get("/v1/jobs").json()["jobs"]) == 4


def test_a_key_with_another_body_or_path_is_refused(client: httpx.Client, demo: dict[str, Any]) -> None:
    key = {"Idempotency-Key": "one"}
    assert client.post("/v1/jobs", json={"problem": demo}, headers=key).status_code == 202
    for path, body in (
        ("/v1/jobs", {"problem": demo, "options": {"strategy": "linear", "budget": {"turns": 2}}}),
        ("/v1/jobs:batch", {"jobs": [{"problem": demo}]}),
    ):
        answer = client.post(path, json=body, headers=key)
        assert answer.status_code == 422
        assert answer.json()["type"] == "urn:selfdebug:problem:idempotency-key-reused"
        assert answer.json()["errors"][0]["header"] == "Idempotency-Key"
    assert len(client.get("/v1/jobs").json()["jobs"]) == 1


def test_a_key_whose_request_was_refused_is_free(client: httpx.Client, demo: dict[str, Any]) -> None:
    key = {"Idempotency-Key": "one"}
    assert client.post("/v1/jobs", json={"problem": {"x": 1}}, headers=key).status_code == 422
    assert client.post("/v1/jobs", json={"problem": demo}, headers=key).status_code == 202


@pytest.mark.parametrize("key", ["", "with space", "k" * 256])
def test_a_key_is_a_short_word(client: httpx.Client, demo: dict[str, Any], key: str) -> None:
    answer = client.post("/v1/jobs", json={"problem": demo}, headers={"Idempotency-Key": key})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["header"] == "Idempotency-Key"


@contextmanager
def locked(served: Served) -> Iterator[None]:
    """Hold the store's write lock."""
    path = served.settings.database.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def test_a_key_in_flight_is_a_conflict(served: Served, client: httpx.Client, demo: dict[str, Any]) -> None:
    def post() -> httpx.Response:
        return client.post("/v1/jobs", json={"problem": demo}, headers={"Idempotency-Key": "one"})

    with ThreadPoolExecutor(1) as pool:
        with locked(served):
            first = pool.submit(post)
            while not served.app.state.service.keys_in_flight:
                pass
            second = post()
        assert second.status_code == 409
        assert second.headers["retry-after"] == "1"
        assert first.result().status_code == 202
    assert post().json()["id"] == first.result().json()["id"]


def test_a_batch_is_accepted_as_a_whole_or_not_at_all(client: httpx.Client, demo: dict[str, Any]) -> None:
    good = {"problem": demo}
    answer = client.post(
        "/v1/jobs:batch", json={"jobs": [good | {"problem": demo | {"id": f"p{n}"}} for n in range(5)]}
    )
    assert answer.status_code == 202
    assert [job["problem"] for job in answer.json()["jobs"]] == ["p0", "p1", "p2", "p3", "p4"]
    wrong = {"problem": {"statement": "x", "tests": {"asserts": ["assert f(1) == 1", "f(2)"]}}}
    answer = client.post("/v1/jobs:batch", json={"jobs": [good, wrong, good, {"problem": {}}]})
    assert answer.status_code == 422
    assert [flaw["pointer"] for flaw in answer.json()["errors"]] == [
        "#/jobs/1/problem/tests/asserts/1",
        "#/jobs/3/problem",
    ]
    assert len(client.get("/v1/jobs").json()["jobs"]) == 5


def test_a_batch_holds_a_thousand_jobs_at_most(silent_model: str, serve_with: Serve, connect: Connect) -> None:
    client = connect(serve_with(model=silent_model))
    job = {"problem": {"statement": "x", "entry_point": "f"}}
    assert len(client.post("/v1/jobs:batch", json={"jobs": [job] * 1000}).json()["jobs"]) == 1000
    for jobs in ([], [job] * 1001):
        answer = client.post("/v1/jobs:batch", json={"jobs": jobs})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "#/jobs"


def test_a_full_queue_says_when_to_come_again_and_loses_nothing(
    silent_model: str, serve_with: Serve, connect: Connect, demo: dict[str, Any]
) -> None:
    client = connect(serve_with(model=silent_model, queue_limit=2))
    jobs = [submitted(client, demo)["id"] for _ in range(2)]
    for path, body in (("/v1/jobs", {"problem": demo}), ("/v1/jobs:batch", {"jobs": [{"problem": demo}]})):
        answer = client.post(path, json=body)
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) > 0
        assert answer.json()["type"] == "urn:selfdebug:problem:queue-full"
    assert [job["id"] for job in client.get("/v1/jobs").json()["jobs"]] == jobs[::-1]
    client.delete(f"/v1/jobs/{jobs[0]}")
    submitted(client, demo)
