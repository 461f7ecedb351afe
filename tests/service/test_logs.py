"""Logs are JSON lines with job ids, and hold nothing of anybody's text or keys."""

import ast
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from selfdebug.errors import GenerationError
from selfdebug.options import Budget
from selfdebug.service import logs

ROOT = Path(__file__).parents[2]
LEVELS = {"debug", "info", "warning", "error", "critical", "exception"}
SECRET = "sd_" + "k" * 40
PROGRAM = "def my_secret_program(): return 42"


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_tells_the_job_and_what_happened(stream: io.StringIO) -> None:
    with logs.about(job="0123", step="g4"):
        logs.get("selfdebug.test").info("step done", duration_s=0.25)
    logs.get("selfdebug.test").info("idle")
    done, idle = lines(stream)
    assert done["event"] == "step done"
    assert (done["job"], done["step"], done["duration_s"], done["level"]) == ("0123", "g4", 0.25, "info")
    assert done["timestamp"].endswith("Z")
    assert "job" not in idle


def test_fields_that_are_not_listed_are_dropped(stream: io.StringIO) -> None:
    logs.get("selfdebug.test").info("step done", program=PROGRAM, prompt=PROGRAM, job={"text": PROGRAM}, note=["x"])
    assert set(lines(stream)[0]) == {"event", "level", "logger", "timestamp"}


def test_a_key_in_a_listed_field_is_blanked(stream: io.StringIO) -> None:
    logs.get("selfdebug.test").info("asked", note=f"Bearer {SECRET}", address=f"postgresql://user:{SECRET}@host/db")
    text = stream.getvalue()
    assert SECRET not in text
    assert lines(stream)[0]["address"] == "postgresql://user:***@host/db"


def test_an_exception_is_told_by_types_and_places_and_never_by_what_it_quotes(stream: io.StringIO) -> None:
    try:
        try:
            TypeAdapter(Budget).validate_python({"turns": PROGRAM})
        except ValueError as error:
            raise GenerationError(f"the server said {PROGRAM} to {SECRET}") from error
    except GenerationError:
        logs.get("selfdebug.test").exception("step failed", job="0123")
    text = stream.getvalue()
    assert "my_secret_program" not in text
    assert SECRET not in text
    told = lines(stream)[0]["exception"]
    assert [each["type"] for each in told] == ["GenerationError", "ValidationError"]
    assert "test_an_exception_is_told" in told[0]["at"][0]


def test_what_the_system_says_is_kept(stream: io.StringIO) -> None:
    try:
        raise ConnectionRefusedError(111, "Connection refused", PROGRAM)
    except OSError:
        logs.get("selfdebug.test").exception("redis is away")
    assert lines(stream)[0]["exception"][0]["said"] == "Connection refused"
    assert "my_secret_program" not in stream.getvalue()


def test_other_libraries_lines_are_json_too_and_cut_to_what_is_safe(stream: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").warning("Started on %s:%d\n%s", "127.0.0.1", 80, PROGRAM)
    logging.getLogger("celery.app.trace").error(
        "Task %(name)s[%(id)s] %(description)s: %(exc)s",
        {"name": "selfdebug.execute", "id": "7", "description": "raised", "exc": f"ValueError({PROGRAM!r})"},
    )
    logging.getLogger("asyncio").error(f"Task exception was never retrieved\nfuture: <Task {PROGRAM}>")
    logging.getLogger("odd").error("%d things", 3)
    logging.getLogger("odd").error("it said %s", ValueError(PROGRAM))
    assert "my_secret_program" not in stream.getvalue()
    events = [line["event"] for line in lines(stream)]
    assert events[0] == "Started on 127.0.0.1:80"
    assert events[1] == "Task selfdebug.execute[7] raised: …"
    assert events[2:4] == ["Task exception was never retrieved", "3 things"]
    assert events[4] == "it said ValueError"


def test_a_message_that_does_not_fit_its_arguments_is_no_failure(stream: io.StringIO) -> None:
    record = logging.LogRecord("odd", logging.ERROR, "", 1, "%d things", ("no number",), None)
    logging.getLogger().handlers[0].handle(record)
    assert lines(stream)[0]["event"] == "%d things"


def test_a_long_text_is_cut_and_odd_characters_stay_one_line(stream: io.StringIO) -> None:
    logs.get("selfdebug.test").info("asked", note="x" * 1000, path="a\ud800\u2028b\nc")
    [line] = lines(stream)
    assert len(line["note"]) == 200
    assert line["path"] == "a\ud800\u2028b"


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        (f"key {SECRET} was used", "key *** was used"),
        ("Authorization: Basic dXNlcg==", "Authorization: Basic ***"),
        ("redis://:hunter2@redis:6379/0 is away", "redis://:***@redis:6379/0 is away"),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "***"),
        ("sk-proj-abcdefghijkl", "***"),
        ("the task asked for a step", "the task asked for a step"),
    ],
)
def test_secrets_are_blanked(text: str, cleaned: str) -> None:
    assert logs.clean(text) == cleaned


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    """The calls of a logger."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS:
            owner = node.func.value
            if (isinstance(owner, ast.Name) and owner.id in ("log", "_log")) or isinstance(owner, ast.Call):
                yield node


@pytest.mark.parametrize("room", ["selfdebug/service", "worker"])
def test_what_the_service_logs_is_a_fixed_phrase_with_known_fields(room: str) -> None:
    found = 0
    for path in (ROOT / room).rglob("*.py"):
        for call in calls(ast.parse(path.read_text())):
            where = f"{path.relative_to(ROOT)}:{call.lineno}"
            found += 1
            assert len(call.args) == 1, f"{where} fills values into its phrase"
            made = [node for node in ast.walk(call.args[0]) if isinstance(node, ast.JoinedStr | ast.BinOp | ast.Call)]
            assert not made, f"{where} makes its phrase"
            fields = {keyword.arg for keyword in call.keywords} - {"exc_info"}
            assert fields <= logs.FIELDS, f"{where} logs {fields - logs.FIELDS}, which would be dropped"
    assert found
