"""What the tests' process tells of one job, and the answer that comes of it."""

import time
from typing import Any

from .channel import Message
from .outcome import result
from .reports import Reports
from .watch import Watch

_TRUSTED_GRACE_S = 3.0  # how long the tests may go on without the candidate
_STDOUT_CUT = 10_000

Result = dict[str, Any]


class Story:
    """The tests' process's story of one job."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._results: dict[int, Result] = {}
        self._load: Message | None = None
        self._end: Message | None = None
        self._fault = ""

    @property
    def ended(self) -> bool:
        """Whether the tests' process has said its last word."""
        return self._end is not None or bool(self._fault)

    def follow(self, watch: Watch, reports: Reports) -> None:
        """Take reports until the tests have ended."""
        stopped_at: float | None = None
        while not self.ended and not reports.closed:
            if watch.stopped and stopped_at is None:
                stopped_at = time.monotonic()
            if stopped_at is not None and time.monotonic() > stopped_at + _TRUSTED_GRACE_S:
                break
            watch.wait([reports.fileno()], 1.0, lambda: self._take_all(reports, watch))
            self._take_all(reports, watch)
        deaths = [found["status"] for found in self._results.values()] + [(self._load or {}).get("load")]
        if "died" in deaths:
            watch.learn_end()

    def _take_all(self, reports: Reports, watch: Watch) -> None:
        for message in reports.take():
            self._take(message, watch)
            if message["wait"]:
                reports.acknowledge()

    def _take(self, message: Message, watch: Watch) -> None:
        if "plan" in message:
            self._names = message["plan"]
        elif "test" in message:
            found = message["result"]
            text = watch.new_stdout(drain=message["wait"])
            found["stdout"] = text if len(text) <= _STDOUT_CUT else text[:_STDOUT_CUT] + "… [cut]"
            self._results[message["test"]] = found
        elif "load" in message:
            self._load = message
            watch.new_stdout(drain=message["wait"])
        elif "end" in message:
            self._end = message
        else:
            self._fault = str(message.get("fault", "unknown"))

    def execution(self, watch: Watch) -> Result:
        """The job's answer."""
        if self._fault:
            return {"infrastructure": f"the tests' process failed: {self._fault}"}
        if self._end is None and not watch.stopped:
            return {"infrastructure": "the tests' process ended without a report"}
        status, message = watch.verdict()
        tests = self._collect(watch, status, message)
        overall = next((test["status"] for test in tests if test["status"] != "passed"), "passed")
        exception = None
        if self._load is not None:
            overall = status if self._load["load"] == "died" else self._load["load"]
            exception = self._load["exception"]
            if exception is None:
                text = self._end["tampered"] if self._end and overall == "tampered" else message
                exception = {"type": "", "message": text, "traceback": "", "line": 0}
        elif self._end is None or not (tests or self._names == []):
            overall = status if overall == "passed" else overall
        if self._end and self._end["tampered"] and overall == "passed":
            overall = "tampered"
        stdout, stderr = watch.output()
        return {
            "status": overall,
            "tests": tests,
            "exception": exception,
            "stdout": stdout,
            "stderr": stderr,
            "wall_s": watch.wall_s,
            "cpu_s": watch.cpu_s,
            "memory_bytes": watch.memory_bytes,
            "unverified": "; ".join(self._end["doubts"]) if self._end else "",
            "trace": watch.trace and {**watch.trace, "test": self._traced(tests)},
        }

    def _traced(self, tests: list[Result]) -> str:
        """The name of the test that a trace is about."""
        if self._load is not None:
            return ""
        ran = [test for test in tests if test["ran"]]
        shown = [test for test in ran if test["status"] != "passed"] or ran[-1:]
        return str(shown[0]["name"]) if shown else ""

    def _collect(self, watch: Watch, status: str, message: str) -> list[Result]:
        """One result per planned test; what the candidate's end kept from running gets its cause."""
        tests = []
        for index in range(max(len(self._names), max(self._results, default=-1) + 1)):
            found = self._results.get(index)
            if found is None:
                found = result(self._names[index], "died", ran=False)
            if found["status"] == "died":
                text = message if found["ran"] else f"not run: {message}"
                found = {**found, "status": status, "message": text}
            tests.append(found)
        if self._end is not None and self._end["tampered"] and tests and tests[-1]["status"] == "passed":
            tests[-1] = {**tests[-1], "status": "tampered", "message": self._end["tampered"]}
        ran = [index for index, test in enumerate(tests) if test["ran"]]
        if watch.cause is not None and ran and all(test["status"] != status for test in tests):
            tests[ran[-1]] = {**tests[ran[-1]], "status": status, "message": message}  # found out only at the end
        return tests
