"""What comes back from the runner in a box: one line of JSON, of which the host trusts neither length nor shape."""

import json
import re
from dataclasses import fields, replace

from pydantic import TypeAdapter

from sandbox.errors import SandboxCrashed
from sandbox.jobs import Job
from sandbox.programs import Run, judge
from sandbox.queries import QueryRun, judge_query
from sandbox.types import Execution, QuerySuite, StdioSuite, Trace

_EXECUTION = TypeAdapter(Execution)
_RUNS = TypeAdapter(dict[str, list[Run]])
_QUERY_RUNS = TypeAdapter(dict[str, list[QueryRun]])
_FIELDS = {field.name for field in fields(Execution)}
_WHOLE = {"runs"}
_MOST_STEPS, _TRACE_CHARACTERS = 500, 2**18
_ESCAPED_SURROGATE = re.compile(rb"\\u[dD]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def read_answer(line: bytes, job: Job, isolation: str) -> Execution:
    """Decode the runner's answer to a job.

    Raises:
        SandboxCrashed: It reports an infrastructure failure, or is not an execution.
    """
    try:
        answer = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise SandboxCrashed(f"the box answered with something that is not JSON: {line[:200]!r}") from error
    whole = isinstance(job.suite, StdioSuite | QuerySuite)
    if not isinstance(answer, dict) or not answer.keys() <= (_WHOLE if whole else _FIELDS) | {"infrastructure"}:
        raise SandboxCrashed(f"the box answered with something that is not an execution: {line[:200]!r}")
    if "infrastructure" in answer:
        raise SandboxCrashed(f"the box could not run the candidate: {str(answer['infrastructure'])[:2000]}")
    text = _without_surrogates(answer) if _ESCAPED_SURROGATE.search(line) else line
    try:
        if isinstance(job.suite, StdioSuite):
            execution = judge(job.suite, _RUNS.validate_json(text, strict=True)["runs"], job.limits.output_bytes)
        elif isinstance(job.suite, QuerySuite):
            execution = judge_query(job.suite, _QUERY_RUNS.validate_json(text, strict=True)["runs"])
        else:
            execution = _EXECUTION.validate_json(text, strict=True)
    except (ValueError, KeyError) as error:  # a ValidationError is a ValueError
        raise SandboxCrashed(f"the box answered with something that is not an execution: {error}") from error
    if execution.passed and not all(test.passed and test.ran for test in execution.tests):
        raise SandboxCrashed("the box calls an execution passed whose tests did not all pass")
    if execution.trace is not None and not (job.trace and _is_bounded(execution.trace)):
        raise SandboxCrashed("the box sent a trace that nobody asked for, or one that is too long")
    return replace(execution, isolation=isolation)


def _is_bounded(trace: Trace) -> bool:
    """Whether no more is told of a candidate's steps than an honest runner tells."""
    texts = [text for step in trace.steps for pair in step.changed for text in pair]
    texts += [text for step in trace.steps for text in (step.function, step.value)]
    return len(trace.steps) <= _MOST_STEPS and sum(map(len, texts)) <= _TRACE_CHARACTERS


def _without_surrogates(answer: dict[str, object]) -> str:
    """Encode again with lone surrogates written out (`\\ud800`), because UTF-8 files cannot hold them."""
    text = json.dumps(answer, ensure_ascii=False)
    return _SURROGATE.sub(lambda match: f"\\\\u{ord(match[0]):04x}", text)
