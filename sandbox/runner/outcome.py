"""What the trusted process tells the supervisor about each test, as plain JSON."""

import errno
import time
import traceback
from collections.abc import Callable
from typing import Any

from .recorder import Recorder, cut
from .session import CandidateDied, Session, Tampered, candidate_error

Result = dict[str, Any]

_LIMITS = {
    errno.EMFILE: "open_files_limit",
    errno.EFBIG: "file_size_limit",
    errno.ENOSPC: "scratch_limit",
}

NOT_RUN = "not run, because the program had ended before"


def result(name: str, status: str, **more: Any) -> Result:
    """The fields of a `sandbox.types.TestResult`."""
    return {
        "name": name,
        "status": status,
        "call": None,
        "expected": None,
        "actual": None,
        "exception": None,
        "message": "",
        "stdout": "",
        "ran": True,
        "wall_s": 0.0,
        **more,
    }


def describe_error(error: BaseException) -> Result:
    """An exception as the fields of an `ExceptionInfo`."""
    found = candidate_error(error)
    if found is not None:
        return {
            "type": found.type,
            "message": cut(found.message, 2000),
            "traceback": cut(found.traceback, 4000),
            "line": found.line,
        }
    try:
        message = str(error)
    except Exception as failure:  # an exploding __str__ of a candidate's value, at the edge of showing it
        message = f"<str() raised {type(failure).__name__}>"
    return {"type": type(error).__name__, "message": cut(message, 2000), "traceback": "", "line": 0}


def limit_of(error: BaseException) -> str:
    """The status of the limit that an exception of the candidate tells of; empty if of none."""
    if isinstance(error, MemoryError):
        return "memory_limit"
    if isinstance(error, RuntimeError) and str(error) == "can't start new thread":
        return "process_limit"
    return _LIMITS.get(error.errno or 0, "") if isinstance(error, OSError) else ""


def status_of(error: BaseException) -> str:
    """The status of a test that ended with an exception."""
    remote = candidate_error(error)
    if isinstance(error, CandidateDied):
        return "died"
    if isinstance(error, Tampered):
        return "tampered"
    if remote is None:
        return "failed" if isinstance(error, AssertionError) else "error"
    if remote.syntax:
        return "syntax_error"
    if limit := limit_of(error):
        return limit
    if isinstance(error, SystemExit):
        return "crashed"
    return "error"


def judge(name: str, error: BaseException | None, recorder: Recorder, session: Session, wall_s: float) -> Result:
    """The result of a test that has been run."""
    if session.tampered:
        return result(name, "tampered", message=session.tampered, wall_s=wall_s)
    if session.died:
        return result(name, "died", call=_last_call(recorder, session), wall_s=wall_s)
    if error is None:
        return result(name, "passed", wall_s=wall_s)
    status = status_of(error)
    more: dict[str, Any] = {"wall_s": wall_s}
    failure = recorder.failure
    if status == "failed":
        more["message"] = cut(str(error)) if not _is_pytest_text(error) else ""
        if failure is not None and _raised_at(error, failure.first, failure.last):
            more |= {"call": failure.call, "expected": failure.expected, "actual": failure.actual}
    else:
        more["exception"] = describe_error(error)
        if candidate_error(error) is not None:
            more["call"] = _last_call(recorder, session)
    if status == "crashed":
        more["message"] = f"the program called exit({more['exception']['message'] or ''})"
    return result(name, status, **more)


def _is_pytest_text(error: BaseException) -> bool:
    return not error.args


def _raised_at(error: BaseException, first: int, last: int) -> bool:
    return any(first <= line <= last for _, line in traceback.walk_tb(error.__traceback__))


def _last_call(recorder: Recorder, session: Session) -> str | None:
    return cut(recorder.describe(session.calls[-1])) if session.calls else None


class Reporter:
    """Runs tests one by one and tells the supervisor.

    Args:
        tell: Sends one message to the supervisor and waits until it has been taken.
    """

    def __init__(self, tell: Callable[[Result], None], session: Session, recorder: Recorder) -> None:
        self._tell = tell
        self.session = session
        self.recorder = recorder
        self.names: list[str] = []
        self.reported: set[int] = set()
        self._started = 0.0

    def plan(self, names: list[str]) -> None:
        """Say which tests there are."""
        self.names = names
        self._tell({"plan": names})

    def begin(self) -> None:
        """A test starts."""
        self.recorder.failure = None
        self.session.calls.clear()
        self._started = time.monotonic()

    def end(self, index: int, error: BaseException | None, note: str = "") -> None:
        """A test has ended.

        Args:
            note: What a test that passed has to say, for example that it was skipped.
        """
        wall_s = time.monotonic() - self._started
        self.session.finish()
        found = judge(self.names[index], error, self.recorder, self.session, wall_s)
        if note and found["status"] == "passed":
            found["message"] = f"skipped: {note}"
        self.session.end_test(passed=found["status"] == "passed")
        self.put(index, found)

    def put(self, index: int, found: Result) -> None:
        """Report one result."""
        if index not in self.reported:
            self.reported.add(index)
            self._tell({"test": index, "result": found})

    def run(self, index: int, body: Callable[[], None]) -> None:
        """Run one test and report it."""
        self.begin()
        error: BaseException | None = None
        try:
            body()
        except BaseException as caught:
            error = caught
        self.end(index, error)

    @property
    def over(self) -> bool:
        """Whether no further test can run."""
        return self.session.died or bool(self.session.tampered)

    def fail_rest(self, error: BaseException | None, message: str) -> None:
        """Report every test that has not run: as the exception says, or as ended with the candidate."""
        status = "died" if error is None else status_of(error)
        if self.session.tampered:
            status = "tampered"
        elif self.session.died:
            status = "died"
        info = describe_error(error) if error is not None and status not in ("died", "tampered") else None
        for index, name in enumerate(self.names):
            found = result(name, "error" if status == "failed" else status, exception=info, message=message, ran=False)
            self.put(index, found)
