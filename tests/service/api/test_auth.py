"""Keys at the door: who gets in, what each key may do, whose jobs it sees, and how often it may ask."""

import asyncio
import functools
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import Request

from selfdebug.service.addresses import is_loopback
from selfdebug.service.api import auth, stream
from selfdebug.service.api.auth import Gate
from selfdebug.service.api.details import ApiError
from selfdebug.service.api.rates import Rates
from selfdebug.service.records import Scope
from selfdebug.service.server import build
from selfdebug.service.store import Store

from ..servers import RedisServer
from .serving import Served

Connect = Callable[..., httpx.Client]
READ, SUBMIT, ADMIN = Scope.READ, Scope.SUBMIT, Scope.ADMIN
BUDGET = {"strategy": "linear", "budget": {"turns": 1}}


@pytest.fixture
def keyed(serve_with: Callable[..., Served]) -> Served:
    """A service that asks for keys, on loopback too."""
    return serve_with(functools.partial(build, keys_required=True))


@pytest.fixture
def let_in(keyed: Served, connect: Connect) -> Callable[..., httpx.Client]:
    """Make a client with a new key."""

    def client(*scopes: Scope, rate: int = 0) -> httpx.Client:
        _, secret = keyed.store.create_key("test", scopes or (SUBMIT, READ), rate)
        return connect(keyed, secret)

    return client


def is_problem(answer: httpx.Response, status: int, kind: str) -> None:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == status
    assert document["type"] == f"urn:selfdebug:problem:{kind}"
    assert document["detail"]


@pytest.mark.parametrize(
    "path",
    ["/v1/jobs", "/v1/jobs/" + 32 * "0", "/v1/models", "/v1/jobs/" + 32 * "0" + "/events"],
)
def test_without_a_key_nothing_is_told(keyed: Served, connect: Connect, path: str) -> None:
    answer = connect(keyed).get(path)
    is_problem(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"] == 'Bearer realm="selfdebug"'


@pytest.mark.parametrize(
    ("header", "error"),
    [
        ("Bearer sd_wrong", "invalid_token"),
        ("Bearer " + "x" * 5000, "invalid_token"),
        ("Bearer", "invalid_request"),
        ("Basic c2Q6c2Q=", "invalid_request"),
        ("sd_naked", "invalid_request"),
        ("", "invalid_request"),
    ],
)
def test_what_is_no_key_is_refused(keyed: Served, connect: Connect, header: str, error: str) -> None:
    answer = connect(keyed).get("/v1/jobs", headers={"Authorization": header})
    is_problem(answer, 401, "unauthenticated")
    assert f'error="{error}"' in answer.headers["www-authenticate"]


def test_bytes_that_are_no_text_are_refused(keyed: Served, connect: Connect) -> None:
    answer = connect(keyed).get("/v1/jobs", headers=[(b"Authorization", b"Bearer \xff\xfe\xe9")])
    is_problem(answer, 401, "unauthenticated")


def test_a_revoked_key_ends_at_once(keyed: Served, connect: Connect) -> None:
    key, secret = keyed.store.create_key("test", [READ])
    client = connect(keyed, secret)
    assert client.get("/v1/jobs").status_code == 200
    keyed.store.revoke(key.id)
    is_problem(client.get("/v1/jobs"), 401, "unauthenticated")


def test_a_stream_ends_when_its_key_is_revoked(
    silent_model: str,
    serve_with: Callable[..., Served],
    connect: Connect,
    demo: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream, "KEEP_ALIVE_S", 0.05)
    keyed = serve_with(functools.partial(build, keys_required=True), model=silent_model)
    key, secret = keyed.store.create_key("test", [SUBMIT, READ])
    other, _ = keyed.store.create_key("other", [READ])
    client = connect(keyed, secret)
    job = client.post("/v1/jobs", json={"problem": demo}).json()["id"]
    with client.stream("GET", f"/v1/jobs/{job}/events") as answer:
        lines = answer.iter_lines()
        keyed.store.revoke(other.id)
        for _ in range(3):
            assert ": still here" in lines  # read up to it
        keyed.store.revoke(key.id)
        assert "event: finished" not in list(lines)
    found = keyed.store.job(job)
    assert found is not None
    assert not found.status.terminal
    keyed.store.cancel(job)


def test_scopes_decide(keyed: Served, let_in: Callable[..., httpx.Client], demo: dict[str, Any]) -> None:
    reads, submits = let_in(READ), let_in(SUBMIT)
    body = {"problem": demo, "options": BUDGET}
    refused = reads.post("/v1/jobs", json=body)
    is_problem(refused, 403, "forbidden")
    assert 'error="insufficient_scope"' in refused.headers["www-authenticate"]
    assert 'scope="submit"' in refused.headers["www-authenticate"]
    accepted = submits.post("/v1/jobs", json=body)
    assert accepted.status_code == 202
    job = accepted.json()["id"]
    is_problem(submits.get(f"/v1/jobs/{job}"), 403, "forbidden")
    is_problem(submits.get("/v1/jobs"), 403, "forbidden")
    is_problem(reads.delete(f"/v1/jobs/{job}"), 403, "forbidden")
    is_problem(reads.post("/v1/executions", json={"problem": demo, "program": ""}), 403, "forbidden")
    assert let_in(ADMIN).get(f"/v1/jobs/{job}").status_code == 200


def test_a_key_sees_only_its_own_jobs(let_in: Callable[..., httpx.Client], demo: dict[str, Any]) -> None:
    mine, theirs, admin = let_in(), let_in(), let_in(ADMIN)
    job = mine.post("/v1/jobs", json={"problem": demo, "options": BUDGET}).json()["id"]
    for method, path in [
        ("GET", ""),
        ("GET", "?wait=1"),
        ("GET", "/events"),
        ("GET", "/solution"),
        ("GET", "/trajectory"),
        ("DELETE", ""),
    ]:
        hidden = theirs.request(method, f"/v1/jobs/{job}{path}")
        is_problem(hidden, 404, "not-found")
        absent = theirs.request(method, f"/v1/jobs/{32 * '0'}{path}")
        assert hidden.json() == absent.json()  # nothing tells that there is such a job
    assert theirs.get("/v1/jobs").json()["jobs"] == []
    assert [each["id"] for each in mine.get("/v1/jobs").json()["jobs"]] == [job]
    assert [each["id"] for each in admin.get("/v1/jobs").json()["jobs"]] == [job]
    assert mine.get(f"/v1/jobs/{job}?wait=30").json()["status"] != "cancelled"
    assert admin.get(f"/v1/jobs/{job}").status_code == 200


def test_idempotency_keys_are_each_keys_own(let_in: Callable[..., httpx.Client], demo: dict[str, Any]) -> None:
    body, name = {"problem": demo, "options": BUDGET}, {"Idempotency-Key": "one"}
    first, second = let_in(), let_in()
    jobs = [client.post("/v1/jobs", json=body, headers=name).json()["id"] for client in (first, second, first)]
    assert jobs[0] == jobs[2] != jobs[1]


def test_a_rate_is_kept_and_told(let_in: Callable[..., httpx.Client]) -> None:
    client, other = let_in(rate=3), let_in(rate=3)
    for left in (2, 1, 0):
        answer = client.get("/v1/jobs")
        assert answer.status_code == 200
        assert answer.headers["ratelimit-policy"] == '"key";q=3;w=60'
        assert answer.headers["ratelimit"].startswith(f'"key";r={left};t=')
    refused = client.get("/v1/jobs")
    is_problem(refused, 429, "rate-limited")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.headers["ratelimit"] == f'"key";r=0;t={refused.headers["retry-after"]}'
    assert other.get("/v1/jobs").status_code == 200


def test_errors_and_streams_tell_the_rate_too(let_in: Callable[..., httpx.Client], demo: dict[str, Any]) -> None:
    client = let_in(rate=50)
    assert "ratelimit" in client.get("/v1/jobs/" + 32 * "0").headers
    job = client.post("/v1/jobs", json={"problem": demo, "options": BUDGET}).json()["id"]
    with client.stream("GET", f"/v1/jobs/{job}/events") as stream:
        assert stream.headers["ratelimit"].startswith('"key";r=47;')


def test_a_key_without_a_rate_is_not_counted(let_in: Callable[..., httpx.Client]) -> None:
    client = let_in()
    assert all("ratelimit" not in client.get("/v1/jobs").headers for _ in range(5))


def test_health_asks_for_no_key(keyed: Served, connect: Connect) -> None:
    for path in ("/healthz", "/readyz", "/metrics", "/", "/openapi.json"):
        assert connect(keyed).get(path).status_code == 200


def test_an_open_service_asks_as_soon_as_there_is_a_key(
    serve_with: Callable[..., Served], connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "_LOOK_AGAIN_S", 0.0)
    served = serve_with(functools.partial(build, keys_required=False))
    client = connect(served)
    assert client.get("/v1/jobs").status_code == 200
    key, secret = served.store.create_key("first", [READ])
    is_problem(client.get("/v1/jobs"), 401, "unauthenticated")
    assert connect(served, secret).get("/v1/jobs").status_code == 200
    served.store.revoke(key.id)  # revoking the last one must not open the door again
    is_problem(client.get("/v1/jobs"), 401, "unauthenticated")


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:8000"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "[bad"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
    ],
)
def test_an_open_service_is_no_web_pages_to_use(
    serve_with: Callable[..., Served], connect: Connect, headers: dict[str, str]
) -> None:
    client = connect(serve_with(functools.partial(build, keys_required=False)))
    is_problem(client.get("/v1/jobs", headers=headers), 403, "forbidden")


def test_an_open_service_answers_its_own_page(serve_with: Callable[..., Served], connect: Connect) -> None:
    served = serve_with(functools.partial(build, keys_required=False))
    port = httpx.URL(served.url).port
    for name in ("127.0.0.1", "localhost", "LOCALHOST", "127.9.9.9", "[::1]"):
        headers = {"Host": f"{name}:{port}", "Origin": f"http://{name}:{port}"}
        assert connect(served).get("/v1/jobs", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("server", "passes"),
    [("127.0.0.1", True), ("::1", True), ("10.0.0.5", False), ("::", False), ("fe80::1", False), ("/run/s.sock", True)],
)
async def test_only_loopback_is_ever_open(store: Store, server: str, passes: bool) -> None:
    headers = [(b"host", b"localhost")]
    request = Request({"type": "http", "method": "GET", "path": "/", "headers": headers, "server": (server, 80)})
    gate = Gate(store, Rates())
    if passes:
        assert (await gate(request)).admin
    else:
        with pytest.raises(ApiError):
            await gate(request)


@pytest.mark.parametrize("host", ["localhost", "LocalHost.", "127.0.0.1", "127.1.2.3", "::1", "[::1]"])
def test_loopback_is_known(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::", "example.com", "localhost.example.com", "10.0.0.1", "localhos"])
def test_what_is_not_loopback_is_not(host: str) -> None:
    assert not is_loopback(host)


def test_servers_on_one_redis_count_together(redis_url: str) -> None:
    one, other = Rates(redis_url), Rates(redis_url)
    taken = [rates.take("key", 4).allowed for rates in (one, other, one, other, one, other)]
    assert taken == [True] * 4 + [False] * 2
    assert one.take("another", 4).allowed


def test_a_lost_redis_neither_locks_out_nor_opens_the_gate() -> None:
    server = RedisServer()
    try:
        rates = Rates(server.url)
        assert rates.take("key", 2).allowed
        server.stop()
        assert [rates.take("key", 2).allowed for _ in range(3)] == [True, True, False]
    finally:
        server.remove()


async def test_threads_never_take_more_than_there_is() -> None:
    rates = Rates()
    taken = await asyncio.gather(*(asyncio.to_thread(rates.take, "key", 50) for _ in range(200)))
    assert sum(allowance.allowed for allowance in taken) == 50


def test_a_clock_put_back_locks_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    rates, real = Rates(), time.time
    monkeypatch.setattr(time, "time", lambda: real() + 7200)
    assert [rates.take("key", 1).allowed for _ in range(2)] == [True, False]
    monkeypatch.setattr(time, "time", real)
    assert rates.take("key", 1).allowed


def test_nothing_of_a_stranger_is_read_before_the_key(keyed: Served, connect: Connect) -> None:
    answer = connect(keyed).post("/v1/jobs?odd=1", content=b"[" * 10_000, headers={"content-type": "text/plain"})
    is_problem(answer, 401, "unauthenticated")
