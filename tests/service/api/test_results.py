"""What comes of a job, and of a program that is run by itself."""

import json
import socket
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from selfdebug.trajectory import fold, read

from .test_jobs import Connect, Serve, running, submitted

ADD: dict[str, Any] = {
    "statement": "Add.",
    "tests": {"asserts": ["assert add(1, 2) == 3", "assert add(-1, 1) == 0"]},
    "hidden_tests": {"asserts": ["assert add(2, 2) == 4"]},
}


def test_the_solution_is_the_best_candidate(client: httpx.Client, demo: dict[str, Any]) -> None:
    job = submitted(client, demo, options={"budget": {"turns": 2}})["id"]
    ended = client.get(f"/v1/jobs/{job}", params={"wait": 60}).json()
    text = client.get(f"/v1/jobs/{job}/solution")
    assert text.headers["content-type"] == "text/x-python; charset=utf-8"
    assert text.text == ended["best"]["program"]
    facts = client.get(f"/v1/jobs/{job}/solution", headers={"Accept": "application/json"}).json()
    assert facts["program"] == text.text
    assert (facts["status"], facts["turn"], facts["tests_passed"], facts["tests_total"]) == ("unsolved", 1, 1, 3)


def test_the_trajectory_is_a_file_that_replay_reads(client: httpx.Client, demo: dict[str, Any], tmp_path: Path) -> None:
    job = submitted(client, demo, options={"budget": {"turns": 2}})["id"]
    ended = client.get(f"/v1/jobs/{job}", params={"wait": 60}).json()
    answer = client.get(f"/v1/jobs/{job}/trajectory")
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.headers["content-disposition"] == f'attachment; filename="{job}.jsonl"'
    file = tmp_path / "trajectory.jsonl"
    file.write_bytes(answer.content)
    state = fold(read(file))
    assert len(read(file)) == ended["events"]
    assert state.best
    assert state.best.candidate.program == ended["best"]["program"]


def test_there_is_no_solution_before_the_end_nor_without_a_candidate(
    silent_model: str, serve_with: Serve, connect: Connect, demo: dict[str, Any]
) -> None:
    client = connect(serve_with(model=silent_model))
    job = submitted(client, demo)["id"]
    running(client, job)
    early = client.get(f"/v1/jobs/{job}/solution")
    assert (early.status_code, early.headers["retry-after"]) == (409, "1")
    assert len(client.get(f"/v1/jobs/{job}/trajectory").text.splitlines()) == 1
    client.delete(f"/v1/jobs/{job}")
    late = client.get(f"/v1/jobs/{job}/solution")
    assert late.status_code == 404
    assert "no candidate: it is cancelled" in late.json()["detail"]


@pytest.mark.parametrize(
    ("program", "passed", "tests"),
    [
        ("def add(a, b):\n    return a + b\n", True, 3),
        ("def add(a, b):\n    return abs(a) + b\n", False, 2),
        ("def add(a, b):\n    return 3\n", False, 1),
        ("def add(a, b) return", False, 0),
        ("", False, 0),
    ],
)
def test_a_program_is_run_against_all_tests(client: httpx.Client, program: str, passed: bool, tests: int) -> None:
    answer = client.post("/v1/executions", json={"problem": ADD, "program": program})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["passed"], found["tests_passed"]) == (passed, tests)
    assert len(found["executions"]) == 2
    assert found["executions"][0]["isolation"] == "bubblewrap"


def test_a_program_runs_within_its_limits(client: httpx.Client) -> None:
    body = {"problem": ADD, "program": "while True: pass", "limits": {"cpu_s": 0.2, "wall_s": 5}}
    found = client.post("/v1/executions", json=body).json()
    assert [each["status"] for each in found["executions"]] == ["timeout", "timeout"]


@pytest.mark.parametrize(
    ("body", "place", "said"),
    [
        ({"problem": {"statement": "x", "entry_point": "f"}, "program": ""}, "#/problem", "has no tests"),
        ({"problem": ADD}, "#/program", "is missing"),
        ({"problem": ADD, "program": "x" * 1_000_001}, "#/program", "at most 1000000"),
        ({"problem": ADD, "program": "\ud800"}, "#/program", "surrogate"),
        ({"problem": ADD, "program": "", "limits": {"wall_s": 1000}}, "#/limits/wall_s", "less than"),
    ],
)
def test_what_is_wrong_with_an_execution_is_named(
    client: httpx.Client, body: dict[str, Any], place: str, said: str
) -> None:
    answer = client.post("/v1/executions", content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["pointer"] == place
    assert said in error["detail"]


def test_too_many_executions_are_told_to_come_again_and_go_with_who_asked(serve_with: Serve, connect: Connect) -> None:
    served = serve_with(boxes=1)
    client = connect(served)
    url = httpx.URL(served.url)
    body = json.dumps({"problem": ADD, "program": "while True: pass", "limits": {"cpu_s": 100, "wall_s": 300}})
    head = f"POST /v1/executions HTTP/1.1\r\nHost: {url.host}\r\nContent-Type: application/json\r\n"
    with ExitStack() as stack:
        for _ in range(16):
            waiting = stack.enter_context(socket.create_connection((url.host, url.port or 0)))
            waiting.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        quick = {"problem": ADD, "program": "def add(a, b): return a + b", "limits": {"wall_s": 20}}
        while served.app.state.service.executions < 16:
            client.get("/v1/models")
        answer = client.post("/v1/executions", json=quick)
        assert answer.status_code == 429
        assert answer.headers["retry-after"] == "2"
    while (answer := client.post("/v1/executions", json=quick)).status_code == 429:
        pass
    assert answer.json()["passed"]


def test_a_sandbox_that_cannot_be_had_is_no_verdict(
    serve_with: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody")
    client = connect(serve_with(sandbox="docker"))
    answer = client.post("/v1/executions", json={"problem": ADD, "program": ""})
    assert answer.status_code == 503
    assert "no Docker engine" in answer.json()["detail"]
    assert int(answer.headers["retry-after"]) > 0


def test_the_models_on_offer_are_listed(serve_with: Serve, connect: Connect, demo: dict[str, Any]) -> None:
    served = serve_with(models=("openai:other", "openai:third"))
    client = connect(served)
    assert client.get("/v1/models").json() == {
        "models": [
            {"name": served.settings.model, "default": True},
            {"name": "openai:other", "default": False},
            {"name": "openai:third", "default": False},
        ]
    }
    assert submitted(client, demo, options={"model": "openai:third"})["model"] == "openai:third"
