"""What is wrong with a request, told with its place."""

import gzip
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args, get_type_hints

import httpx
import pytest

from selfdebug.options import Strategy
from selfdebug.service.api import body as reading
from selfdebug.service.api.requests import OptionsRequest
from selfdebug.service.settings import Settings

from .serving import RECORDED, Served, serve

Serve = Callable[..., Served]
Connect = Callable[..., httpx.Client]

ADD = {"statement": "Add.", "tests": {"asserts": ["assert add(1, 2) == 3"]}}
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One service for all tests here that need no other."""
    with serve(Settings(state=tmp_path_factory.mktemp("state"), model=f"replay:{RECORDED}", deliveries=1)) as started:
        yield started


def refused(client: httpx.Client, body: object) -> list[dict[str, str]]:
    """What the service finds wrong with a body."""
    answer = client.post("/v1/jobs", content=json.dumps(body), headers=JSON)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert (document["status"], document["type"]) == (422, "urn:selfdebug:problem:invalid-request")
    errors: list[dict[str, str]] = document["errors"]
    assert document["detail"].startswith(f"{errors[0]['pointer']}: {errors[0]['detail']}")
    return errors


@pytest.mark.parametrize(
    ("problem", "place", "said"),
    [
        ({}, "", "empty object"),
        ({"statment": "x"}, "", "no known format"),
        (ADD | {"statement": 1}, "/statement", "expected a string, found the number 1"),
        (ADD | {"entry_point": "1x"}, "/entry_point", "Python name"),
        (ADD | {"statement": "\ud800"}, "/statement", "surrogate"),
        (ADD | {"a.b[0]": 1}, "/a.b%5B0%5D", "unknown field"),
        (ADD | {"tests": {"asserts": ["assert add(1, 2) == 3", "assert"]}}, "/tests/asserts/1", "does not parse"),
        (ADD | {"tests": {"stdio": [{"stdin": "1", "stdout": 2}]}}, "/tests/stdio/0/stdout", "expected a string"),
        (ADD | {"tests": {"check": "x", "pytest": "y"}}, "/tests", "several kinds"),
        (ADD | {"hidden_tests": {"check": "def check(c): pass"}}, "/hidden_tests/check", "empty"),
        ({"task_id": 2, "text": "x", "code": "", "test_list": ["assert f(1) == 1", "1"]}, "/test_list/1", "assert"),
        ({"task_id": "a/0", "prompt": "x", "entry_point": "f", "test": "check"}, "/test", "defines check"),
        (ADD | {"id": "x" * 201}, "/id", "at most 200"),
        (ADD | {"id": "a\0b"}, "/id", "printable"),
        (ADD | {"statement": "x" * 200_001}, "/statement", "at most 200,000"),
        (ADD | {"tests": {"asserts": ["assert 1", "1" * 200_001]}}, "/tests/asserts/1", "at most 200,000"),
    ],
)
def test_the_field_of_a_problem_is_named(client: httpx.Client, problem: Any, place: str, said: str) -> None:
    body = json.dumps({"problem": problem})  # with surrogates escaped
    answer = client.post("/v1/jobs", content=body, headers=JSON)
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["pointer"] == f"#/problem{place}"
    assert said in error["detail"]


@pytest.mark.parametrize(
    ("options", "place", "said"),
    [
        ({"budget": {"turns": 0}}, "/budget/turns", "greater than or equal to 1; found the number 0"),
        ({"budget": {"turns": 101}}, "/budget/turns", "less than or equal to 100"),
        ({"budget": {"turns": "3"}}, "/budget/turns", "valid integer; found the string '3'"),
        ({"budget": {"turns": True}}, "/budget/turns", "valid integer; found true"),
        ({"budget": {"tokens": 10**8}}, "/budget/tokens", "less than"),
        ({"budget": {"seconds": 0}}, "/budget/seconds", "greater than"),
        ({"budget": {"rounds": 1}}, "/budget/rounds", "unknown field"),
        ({"sampling": {"temperature": 3}}, "/sampling/temperature", "less than"),
        ({"limits": {"memory_bytes": 2**50}}, "/limits/memory_bytes", "less than"),
        ({"feedback": "unit-test+x"}, "/feedback", "not a feedback; expected one of simple, unit-test"),
        ({"strategy": "bush"}, "/strategy", "'linear'"),
        ({"visible": "none"}, "/visible", "'all' or 'examples'"),
        ({"model": "other"}, "/model", "not offered here; expected one of replay:"),
        ({"odd/na~me": 1}, "/odd~1na~0me", "unknown field"),
    ],
)
def test_the_field_of_an_option_is_named(client: httpx.Client, options: Any, place: str, said: str) -> None:
    [error] = refused(client, {"problem": ADD, "options": options})
    assert error["pointer"] == f"#/options{place}"
    assert said in error["detail"]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://example.com/", "https://"),
        ("http://127.0.0.1/", "public addresses only"),
        ("http://[::1]/", "public addresses only"),
        ("http://localhost:8000/x", "public addresses only"),
        ("https://user:secret@example.com/", "user name or password"),
        ("https://example.com/" + "x" * 3000, "2048"),
        ("", "https://"),
    ],
)
def test_a_webhook_that_can_never_be_delivered_is_refused(client: httpx.Client, url: str, said: str) -> None:
    [error] = refused(client, {"problem": ADD, "webhook": url})
    assert error["pointer"] == "#/webhook"
    assert said in error["detail"]


def test_all_that_is_wrong_is_told_at_once(client: httpx.Client) -> None:
    errors = refused(client, {"problem": [], "options": {"budget": {"turns": 0}, "visible": 1}, "more": None})
    assert {error["pointer"] for error in errors} == {
        "#/problem",
        "#/options/budget/turns",
        "#/options/visible",
        "#/more",
    }


@pytest.mark.parametrize("body", [[], 1, "text", None, True])
def test_a_body_is_an_object(client: httpx.Client, body: object) -> None:
    [error] = refused(client, body)
    assert error["pointer"] == "#"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "empty"),
        (b"{", "not JSON"),
        (b'{"problem": {}, "problem": {}}', "'problem' stands twice"),
        (b'{"problem": NaN}', "NaN"),
        (b'{"problem": -Infinity}', "Infinity"),
        (b'{"problem": ' + b"9" * 5000 + b"}", "too many digits"),
        (b"[" * 200 + b"]" * 200, "64 levels"),
        (b"[" * 100_000, "too deeply"),
        (b'{"problem": "\xff"}', "not UTF-8: byte 13"),
        ('{"problem": {}}'.encode("utf-16"), "not UTF-8"),
    ],
)
def test_a_body_that_is_not_json_is_malformed(client: httpx.Client, body: bytes, said: str) -> None:
    answer = client.post("/v1/jobs", content=body, headers=JSON)
    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:selfdebug:problem:malformed-body"
    assert said in answer.json()["detail"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "json"])
def test_a_body_is_sent_as_json(client: httpx.Client, kind: str) -> None:
    answer = client.post("/v1/jobs", content=json.dumps({"problem": ADD}), headers={"Content-Type": kind})
    assert answer.status_code == 415
    assert answer.json()["errors"][0]["header"] == "Content-Type"


def test_what_json_calls_an_integer_is_one(client: httpx.Client) -> None:
    kind = {"Content-Type": "application/problem+json; charset=utf-8"}
    body = json.dumps({"problem": ADD, "options": {"budget": {"turns": 2.0}}})
    assert client.post("/v1/jobs", content=body, headers=kind).status_code == 202


def test_a_body_too_large_is_refused(serve_with: Serve, connect: Connect) -> None:
    client = connect(serve_with(body_bytes=10_000))
    body = json.dumps({"problem": ADD | {"reference": "x" * 20_000}}).encode()
    for content in (body, (body[at : at + 999] for at in range(0, len(body), 999))):
        answer = client.post("/v1/jobs", content=content, headers=JSON)
        assert answer.status_code == 413
        assert "10,000 bytes" in answer.json()["detail"]
    assert client.post("/v1/jobs", json={"problem": ADD}).status_code == 202


def test_a_body_that_does_not_come_is_not_waited_for(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_COMES_WITHIN_S", 0.2)
    with begun(served) as connection:
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in answer
    assert b"send it again" in answer


def test_a_client_that_goes_away_is_no_failure_of_the_service(served: Served, client: httpx.Client) -> None:
    before = [line for line in client.get("/metrics").text.splitlines() if "errors_total" in line]
    assert before
    with begun(served):
        assert client.get("/healthz").status_code == 200
    assert client.post("/v1/jobs", json={}).status_code == 422  # by now the broken connection is known
    assert [line for line in client.get("/metrics").text.splitlines() if "errors_total" in line] == before


@contextmanager
def begun(served: Served) -> Iterator[socket.socket]:
    """A connection with a request whose body stops in the middle."""
    url = httpx.URL(served.url)
    head = "POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
    with socket.create_connection((url.host, url.port or 0), timeout=60) as connection:
        connection.sendall(head.encode())
        yield connection


def test_a_body_beyond_all_measure_is_not_read(served: Served) -> None:
    url = httpx.URL(served.url)
    head = f"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {2**40}\r\n\r\n"
    with socket.create_connection((url.host, url.port or 0), timeout=60) as connection:
        connection.sendall(head.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "tests",
    [
        {"asserts": ["assert add(1, 2) == 3"] * 11},
        {"stdio": [{"stdin": "", "stdout": ""}] * 11},
        {"check": "def check(candidate):\n" + "    assert candidate(1, 2) == 3\n" * 11},
    ],
)
def test_a_problem_has_only_so_many_tests(serve_with: Serve, connect: Connect, tests: dict[str, Any]) -> None:
    client = connect(serve_with(tests_limit=10))
    problem = {"statement": "Add.", "tests": tests} | ({} if "stdio" in tests else {"entry_point": "add"})
    [error] = refused(client, {"problem": problem})
    assert error["pointer"] == "#/problem"
    assert "at most 10 may be given" in error["detail"]


def test_every_format_that_solve_reads_is_taken(client: httpx.Client, data: Path) -> None:
    with gzip.open(data / "humaneval" / "HumanEval.jsonl.gz") as file:
        row = json.loads(file.readline())
    mbpp = json.loads(next(iter((data / "mbpp" / "mbpp.jsonl").read_text().splitlines())))
    for problem, name in ((row, row["task_id"]), (mbpp, f"MBPP/{mbpp['task_id']}"), (ADD, "problem")):
        for visible in ("all", "examples"):
            answer = client.post("/v1/jobs", json={"problem": problem, "options": {"visible": visible}})
            assert answer.status_code == 202, answer.text
            assert answer.json()["problem"] == name


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/jobs", "GET, POST"),
        ("GET", "/v1/jobs:batch", "POST"),
        ("POST", "/v1/jobs/" + "0" * 32, "GET, DELETE"),
        ("DELETE", "/v1/models", "GET"),
        ("TRACE", "/v1/executions", "POST"),
    ],
)
def test_a_method_that_is_not_there_names_those_that_are(
    client: httpx.Client, method: str, path: str, allowed: str
) -> None:
    answer = client.request(method, path)
    assert answer.status_code == 405
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["allow"] == allowed


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/jobs/", "/v2/jobs", "/v1/jobs//events", "/docs"])
def test_there_is_nothing_elsewhere(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:selfdebug:problem:not-found"


def test_every_strategy_that_solves_is_taken() -> None:
    known = set(get_args(get_type_hints(OptionsRequest)["strategy"]))
    assert known == set(Strategy) - {Strategy.SURVEY}
