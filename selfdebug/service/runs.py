"""Runs without a job, as they cross Redis between the server and a worker: a request, and what came of it."""

import json
from functools import cache

from pydantic import TypeAdapter

from sandbox.jobs import Job as Run
from sandbox.types import Execution

KEPT_S = 900  # seconds until Redis forgets a request or an answer that nobody has come for


def request_key(name: str) -> str:
    return f"selfdebug:run:{name}"


def answer_key(name: str) -> str:
    return f"selfdebug:ran:{name}"


def request(run: Run) -> str:
    """A run as text. Pure ASCII: a program may hold lone surrogates, which have no UTF-8."""
    return json.dumps(_runs().dump_python(run))


def parse_request(text: str) -> Run:
    return _runs().validate_python(json.loads(text))


def answer(outcome: Execution | str) -> str:
    """What came of a run as text: an execution, or why the sandbox could not give one."""
    return json.dumps(_outcomes().dump_python(outcome))


def outcome(text: str) -> Execution | str:
    return _outcomes().validate_python(json.loads(text))


@cache
def _runs() -> TypeAdapter[Run]:
    return TypeAdapter(Run)


@cache
def _outcomes() -> TypeAdapter[Execution | str]:
    return TypeAdapter(Execution | str)
