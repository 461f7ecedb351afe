"""The tests' side: loads the candidate over the channel, runs the tests, reports over a pipe of its own.

In a process made for it; or, where the tests leave nothing behind, in one that runs others after it.
"""

import builtins
import os
import socket
import sys
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

from . import limits, namespaces, outcome, scope, suites
from .channel import Link, Message, dump
from .recorder import Recorder
from .reports import Teller
from .rewrite import RECORDER, Names
from .session import CandidateDied, Session, Tampered

_ECHO = frozenset({"capsys", "capfd", "redirect_stdout", "redirect_stderr", "stdout", "stderr"})


@dataclass(frozen=True)
class Prepared:
    """A suite that is ready to be run any number of times, each in a process of its own.

    Attributes:
        tests: What runs them; None where they do not compile, as `broken` says.
        pure: Whether running them leaves nothing behind in their process.
    """

    tests: Any
    broken: SyntaxError | None
    names: Names
    context: scope.Context
    pure: bool


def prepare(suite: dict[str, Any]) -> Prepared:
    """Parse, rewrite and compile a suite; nothing of it is run."""
    tests: Any = None
    broken = None
    try:
        if suite["kind"] == "pytest":
            from .pytest_suite import PytestFile

            tests = PytestFile(suite["source"])
        else:
            tests = suites.prepare(suite)
    except SyntaxError as error:
        broken = error
    context = scope.Context(suite.get("context") or "", suite.get("entry_point") or "")
    pure = bool(tests and tests.pure) and not context.is_needed(tests.names.used)
    return Prepared(tests, broken, tests.names if tests else Names(), context, pure)


class Descriptors(NamedTuple):
    """What a tests' process holds: the candidate's channel, and what `reports.Teller` takes."""

    rpc: int
    report: int
    bell: int
    stdout: int


def run(held: Descriptors, job: Message, prepared: Prepared, *, walled: bool) -> NoReturn:
    """Run a job's tests against the candidate in this process, which is made for it. Never returns.

    Args:
        walled: Whether the system counts the processes of this box by themselves.
    """
    code = 70
    try:
        low = 3
        for kept in sorted(held):
            os.closerange(low, kept)
            low = kept + 1
        os.closerange(low, 256)
        enter(walled=walled)
        run_here(held, job, prepared)
        code = 0
    finally:
        os._exit(code)


def enter(*, walled: bool) -> None:
    """Become a process for tests."""
    namespaces.die_with_parent()
    null = os.open("/dev/null", os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.close(null)
    counted = walled and os.getuid() != 0 and not limits.shares_users()
    limits.limit_trusted(count_processes=counted and limits.kernel_counts_processes_per_namespace())


def run_here(held: Descriptors, job: Message, prepared: Prepared) -> bool:
    """Run a job's tests in a process that `enter` has prepared, and close what is held.

    Returns:
        Whether the process is as it was before, if the suite is pure: nothing but plain values, functions and
        exceptions has come from the candidate.
    """
    limits.limit_trusted_time(4 * float(job["limits"]["wall_s"]) + 60)
    modules = len(sys.modules)
    rpc, report, bell = map(_socket, held[:3])
    try:
        teller = Teller(report, bell, held.stdout)
        tests = _Run(Link(rpc), teller.tell, job, prepared)
        try:
            last = tests.run()
        except (Exception, CandidateDied, Tampered, SystemExit) as error:  # a fault of the tests or of the runner
            last = {"fault": f"{type(error).__name__}: {error}"}
        teller.end(last)
        return tests.plain and "fault" not in last and len(sys.modules) == modules
    finally:
        for each in (rpc, report, bell):
            each.close()
        os.close(held.stdout)


def _socket(descriptor: int) -> socket.socket:
    return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, descriptor)


class _Run:
    """One job on the trusted side.

    Attributes:
        plain: What has come from the candidate was nothing but plain values, functions and exceptions.
    """

    def __init__(self, link: Link, tell: Any, job: Message, prepared: Prepared) -> None:
        self._link = link
        self._tell = tell
        self._job = job
        self._suite = job["suite"]
        self._prepared = prepared
        self._context = prepared.context.fresh()
        self._names = prepared.names
        self.plain = False
        self._entry_point = self._suite.get("entry_point") or ""
        told = self._names.used | self._names.reached | self._names.bound
        self._echo = self._suite["kind"] == "pytest" and bool(_ECHO & told)

    def run(self) -> Message:
        """Plan, load, run, report. Returns what is left to say."""
        tests, context, names = self._prepared.tests, self._context, self._names
        session = Session(self._link, names, context.class_names)
        session.mark = 0 if self._job.get("trace") else None
        signs, sites = (tests.signs, tests.sites) if tests else ([], list)
        recorder = Recorder(session, signs, sites, self._entry_point)
        reporter = outcome.Reporter(self._tell, session, recorder)
        reporter.plan(list(tests.planned) if tests else ["the tests"])
        context.evaluate(names.used)
        session.shared.update({name: kind for name, kind in context.classes().items() if name in names.used})
        loaded = self._load(session, reporter)
        if loaded is not None and self._prepared.broken is not None:
            reporter.fail_rest(self._prepared.broken, "the tests themselves do not compile")
        elif loaded is not None:
            self._run_tests(loaded, reporter)
        session.finish()
        self.plain = session.plain
        return {"end": True, "doubts": session.doubts, "tampered": session.tampered}

    def _load(self, session: Session, reporter: outcome.Reporter) -> tuple[list[str], list[str]] | None:
        """Send the program and load it. Its names; None if that failed, which is then reported."""
        if self._echo:
            session.said = _say
        order = {
            "mode": "module",
            "program": self._job["program"],
            "name": self._suite.get("module") or scope.MODULE,
            "echo": self._echo,
            "shared": sorted(session.shared),
        }
        self._link.send(dump(order))
        try:
            names, public = session.ask("load")
            if self._entry_point and self._entry_point not in names:
                raise NameError(f"name {self._entry_point!r} is not defined")
        except BaseException as error:
            self._report_load(error, session, reporter)
            return None
        session.end_test(passed=True)
        return [str(name) for name in names], [str(name) for name in public]

    def _report_load(self, error: BaseException, session: Session, reporter: outcome.Reporter) -> None:
        status = outcome.status_of(error)
        info = None if status in ("died", "tampered") else outcome.describe_error(error)
        if status == "failed":
            status = "error"
        self._tell({"load": status, "exception": info})
        message = "not run, because the program could not be loaded"
        reporter.fail_rest(error, message)

    def _run_tests(self, names: tuple[list[str], list[str]], reporter: outcome.Reporter) -> None:
        session = reporter.session
        tests, context = self._prepared.tests, self._context
        values: dict[str, Any] = {"__name__": "tests", "__builtins__": builtins, RECORDER: reporter.recorder}
        entry_point = self._entry_point or scope.infer_entry_point(self._names)
        defined, public = names
        public = scope.exported(public, defined, self._names, context, entry_point)
        module = scope.CandidateModule(session, defined, public)
        if not self._prepared.pure:
            sys.modules[self._suite.get("module") or scope.MODULE] = module
        error: BaseException | None = None
        try:
            scope.fill(values, self._names, defined, context, session, entry_point)
            tests.run(values, reporter)
        except BaseException as caught:
            error = caught
        if error is None or isinstance(error, (CandidateDied, Tampered)):
            message = outcome.NOT_RUN if reporter.over else "the test ended before it reached this"
            if reporter.over or len(reporter.reported) < len(reporter.names):
                late = RuntimeError(message) if not reporter.over else None
                reporter.fail_rest(late, message)
        else:
            reporter.fail_rest(error, "not run, because what stands before it failed")


def _say(out: str, err: str) -> None:
    """Repeat what the candidate printed where the tests may have redirected it to."""
    sys.stdout.write(out)
    sys.stderr.write(err)
