"""What crosses between the host and the runner in a box: one line of JSON out, one line of JSON back.

The host trusts neither the length nor the shape of what comes back.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace

from pydantic import TypeAdapter, ValidationError

from sandbox.errors import SandboxCrashed
from sandbox.types import Execution, Limits, StdioSuite, Suite

_EXECUTION = TypeAdapter(Execution)
_FIELDS = {field.name for field in fields(Execution)}
_SURROGATE = re.compile("[\ud800-\udfff]")

START_S = 20.0  # what a box may take beyond its programs, on a machine that is very busy
WALL_FACTOR = 2.0  # the runner ends a program at its limit; the host only ends a runner that does not


@dataclass(frozen=True)
class Job:
    """One run: a candidate, its tests and its limits."""

    program: str
    suite: Suite
    limits: Limits

    def line(self, *, isolate: bool, site: Sequence[str]) -> bytes:
        """Encode for the runner. ASCII only, so that lone surrogates in a program survive."""
        message = {
            "program": self.program,
            "suite": asdict(self.suite),
            "limits": asdict(self.limits),
            "isolate": isolate,
            "site": list(site),
        }
        return json.dumps(message).encode("ascii") + b"\n"

    @property
    def deadline_s(self) -> float:
        """Seconds after which the box itself, not the candidate, must be stuck."""
        processes = len(self.suite.cases) if isinstance(self.suite, StdioSuite) else 1
        return START_S + WALL_FACTOR * self.limits.wall_s * max(processes, 1)

    @property
    def answer_bytes(self) -> int:
        """The longest answer that an honest runner gives: the output, escaped, and some text for each test."""
        return 2**24 + 16 * self.limits.output_bytes


def read_answer(line: bytes, isolation: str) -> Execution:
    """Decode the runner's answer.

    Raises:
        SandboxCrashed: It reports an infrastructure failure, or is not an execution.
    """
    try:
        answer = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise SandboxCrashed(f"the box answered with something that is not JSON: {line[:200]!r}") from error
    if not isinstance(answer, dict) or not answer.keys() <= _FIELDS | {"infrastructure"}:
        raise SandboxCrashed(f"the box answered with something that is not an execution: {line[:200]!r}")
    if "infrastructure" in answer:
        raise SandboxCrashed(f"the box could not run the candidate: {str(answer['infrastructure'])[:2000]}")
    try:
        execution = _EXECUTION.validate_json(_without_surrogates(answer), strict=True)
    except ValidationError as error:
        raise SandboxCrashed(f"the box answered with something that is not an execution: {error}") from error
    if execution.passed and not all(test.passed and test.ran for test in execution.tests):
        raise SandboxCrashed("the box calls an execution passed whose tests did not all pass")
    return replace(execution, isolation=isolation)


def _without_surrogates(answer: dict[str, object]) -> str:
    """Encode again with lone surrogates written out (`\\ud800`), because UTF-8 files cannot hold them."""
    text = json.dumps(answer, ensure_ascii=False)
    return _SURROGATE.sub(lambda match: f"\\\\u{ord(match[0]):04x}", text)
