"""What the service says, writes down and counts when it fails itself."""

import io
import json
from pathlib import Path
from typing import NoReturn

import httpx
import pytest

from selfdebug.service import metrics
from selfdebug.service.dispatch import open_dispatcher
from selfdebug.service.settings import Settings
from selfdebug.service.store import StoreUnavailable, open_store

from .serving import create_app

SECRET = "def program(): return 'somebody's text'"


@pytest.mark.parametrize(
    ("error", "part", "status"), [(KeyError(SECRET), "api", 500), (StoreUnavailable("it is away"), "store", 503)]
)
async def test_a_failure_is_counted_and_written_down_without_anybody_s_text(
    error: Exception, part: str, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stream: io.StringIO
) -> None:
    def fail(job: str) -> NoReturn:
        raise error

    settings = Settings(state=tmp_path)
    store = open_store(settings)
    monkeypatch.setattr(store, "job", fail)
    before = errors(part)
    async with open_dispatcher(store, settings) as dispatcher:
        transport = httpx.ASGITransport(create_app(settings, store, dispatcher), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            answer = await client.get(f"/v1/jobs/{'a' * 32}?wait=7")
    store.close()
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert errors(part) == before + 1
    assert SECRET not in answer.text + stream.getvalue()
    assert "a" * 32 not in stream.getvalue()
    written = [json.loads(line) for line in stream.getvalue().splitlines()]
    told = [(line["event"], line["method"], line["route"]) for line in written if "route" in line]
    assert told == ([("a request failed", "GET", "/v1/jobs/{job_id}")] if part == "api" else [])


def errors(part: str) -> float:
    return metrics.registry.get_sample_value("selfdebug_errors_total", {"part": part}) or 0.0
