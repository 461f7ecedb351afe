"""What goes to the runner in a box: one line of JSON."""

import base64
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sandbox.stdio import encoded
from sandbox.types import Limits, QuerySuite, StdioSuite, Suite

START_S = 20.0  # what a box may take beyond its programs, on a machine that is very busy
WALL_FACTOR = 2.0  # the runner ends a program at its limit; the host only ends a runner that does not
_TRACE_BYTES = 2**18


@dataclass(frozen=True)
class Job:
    """One run: a candidate, its tests and its limits."""

    program: str
    suite: Suite
    limits: Limits
    trace: bool = False

    def line(self, *, site: Sequence[str]) -> bytes:
        """Encode for the runner. ASCII only, so that lone surrogates in a program survive.

        Of a whole program's cases only what it reads goes into the box; what it must print never does.
        """
        message: dict[str, Any] = {
            "program": self.program,
            "suite": asdict(self.suite),
            "limits": asdict(self.limits),
            "site": list(site),
        }
        if self.trace:
            message["trace"] = True
        if isinstance(self.suite, StdioSuite):
            stdin = [base64.b64encode(encoded(case.stdin)).decode("ascii") for case in self.suite.cases]
            message["suite"] = {"kind": self.suite.kind, "stdin": stdin}
        return json.dumps(message).encode("ascii") + b"\n"

    @property
    def deadline_s(self) -> float:
        """Seconds after which the box itself, not the candidate, must be stuck."""
        return START_S + WALL_FACTOR * self.limits.wall_s * self._processes

    @property
    def answer_bytes(self) -> int:
        """The longest answer that an honest runner gives: the output, escaped, and some text for each test."""
        return 2**24 + (16 * self.limits.output_bytes + _TRACE_BYTES * self.trace) * self._processes

    @property
    def _processes(self) -> int:
        match self.suite:
            case StdioSuite():
                return max(len(self.suite.cases), 1)
            case QuerySuite(gold=gold) if gold:
                return 2
        return 1
