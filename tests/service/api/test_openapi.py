"""The OpenAPI document is complete, and the real service does what it says."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from selfdebug.service.api.app import create_app
from selfdebug.service.api.auth import Gate
from selfdebug.service.api.rates import Rates
from selfdebug.service.dispatch import Dispatcher
from selfdebug.service.records import Scope
from selfdebug.service.settings import Settings
from selfdebug.service.store import Store

from .serving import RECORDED, Served, serve
from .test_jobs import Connect, Serve

ROOT = Path(__file__).parents[3]
_SECONDS = 540


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(Settings(state=tmp_path_factory.mktemp("state"), model=f"replay:{RECORDED}", deliveries=1)) as started:
        yield started


@pytest.fixture
def document(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The operations of the API itself, by method and path."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if path.startswith("/v1/"):
                yield f"{method.upper()} {path}", operation


def test_every_operation_is_there_and_described(document: dict[str, Any]) -> None:
    found = dict(operations(document))
    assert set(found) == {
        "POST /v1/jobs",
        "GET /v1/jobs",
        "POST /v1/jobs:batch",
        "GET /v1/jobs/{job_id}",
        "DELETE /v1/jobs/{job_id}",
        "GET /v1/jobs/{job_id}/events",
        "GET /v1/jobs/{job_id}/solution",
        "GET /v1/jobs/{job_id}/trajectory",
        "POST /v1/executions",
        "GET /v1/models",
    }
    tags = {tag["name"] for tag in document["tags"]}
    for operation in found.values():
        assert operation["operationId"].isalpha()
        assert operation["summary"]
        assert set(operation["tags"]) <= tags
        assert operation["security"] == [{}, {"ApiKey": []}]
        assert all(parameter["description"] for parameter in operation.get("parameters", ()))
    assert len({operation["operationId"] for operation in found.values()}) == len(found)


def test_every_error_is_a_problem_document_with_an_example(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        errors = {status: said for status, said in operation["responses"].items() if status >= "400"}
        assert {"401", "403", "422", "429", "500", "503"} <= set(errors)
        assert ("404" in errors) == ("{job_id}" in name)
        assert ({"400", "413", "415"} <= set(errors)) == ("requestBody" in operation)
        for status, said in errors.items():
            assert set(said["content"]) == {"application/problem+json"}
            content = said["content"]["application/problem+json"]
            assert content["schema"] == {"$ref": "#/components/schemas/ProblemDocument"}
            assert content["examples"]
            for example in content["examples"].values():
                assert example["value"]["status"] == int(status)


def test_the_examples_of_bodies_are_accepted(client: httpx.Client, document: dict[str, Any]) -> None:
    bodies = [(name, each["requestBody"]) for name, each in operations(document) if "requestBody" in each]
    assert len(bodies) == 3
    for name, body in bodies:
        examples = body["content"]["application/json"]["examples"]
        assert examples
        for example in examples.values():
            answer = client.post(name.removeprefix("POST "), json=example["value"])
            assert answer.is_success, answer.text
            assert answer.json().get("passed", True)


def guarded(settings: Settings, store: Store, dispatcher: Dispatcher) -> Any:
    return create_app(
        settings, store, dispatcher, authenticate=Gate(store, Rates(""), required=True), keys_required=True
    )


def test_a_service_that_asks_for_keys_says_so(serve_with: Serve, connect: Connect) -> None:
    document = connect(serve_with(guarded)).get("/openapi.json").json()
    assert document["components"]["securitySchemes"]["ApiKey"]["scheme"] == "bearer"
    assert all(operation["security"] == [{"ApiKey": []}] for _, operation in operations(document))


@pytest.mark.parametrize("keys", [False, True], ids=["open", "keys"])
def test_schemathesis_finds_nothing(serve_with: Serve, tmp_path: Path, keys: bool) -> None:
    """All checks and phases of schemathesis, but for what `schemathesis.toml` says."""
    served = serve_with(*([guarded] if keys else []))
    _, secret = served.store.create_key("fuzzer", [Scope.ADMIN])
    program = Path(sys.executable).with_name("schemathesis")
    command = [str(program), "--config-file", str(ROOT / "schemathesis.toml"), "run", f"{served.url}/openapi.json"]
    command += ["--max-examples", "10", "--seed", "1", "--request-timeout", "70", "--no-color"]
    command += ["--header", f"Authorization: Bearer {secret}"] if keys else []
    done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]
    assert "Stateful" in done.stdout
