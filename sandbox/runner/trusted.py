"""The tests' process: loads the candidate over the channel, runs the tests, reports over a pipe of its own."""

import builtins
import os
import socket
import sys
from typing import Any, NoReturn

from . import limits, namespaces, outcome, scope, suites
from .channel import Link, Message, dump
from .recorder import Recorder
from .rewrite import RECORDER, names_bound, names_reached, names_used
from .session import CandidateDied, Session, Tampered

_ECHO = frozenset({"capsys", "capfd", "redirect_stdout", "redirect_stderr", "stdout", "stderr"})


def run(rpc: socket.socket, report: socket.socket, job: Message) -> NoReturn:
    """Run a job's tests against the candidate behind `rpc`. Never returns."""
    code = 70
    try:
        _prepare_process(job, {rpc.fileno(), report.fileno()})
        teller = Link(report)

        def tell(message: Message) -> None:
            teller.send(dump(message))
            teller.receive()

        try:
            _Run(Link(rpc), tell, job).run()
        except (Exception, CandidateDied, Tampered, SystemExit) as error:  # a fault of the tests or of the runner
            tell({"fault": f"{type(error).__name__}: {error}"})
        code = 0
    finally:
        os._exit(code)


def _prepare_process(job: Message, keep: set[int]) -> None:
    namespaces.die_with_parent()
    namespaces.hide_memory()
    null = os.open("/dev/null", os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    for descriptor in range(3, 256):
        if descriptor not in keep:
            try:
                os.close(descriptor)
            except OSError:
                continue
    limits.limit_trusted(4 * float(job["limits"]["wall_s"]) + 60)


class _Run:
    """One job on the trusted side."""

    def __init__(self, link: Link, tell: Any, job: Message) -> None:
        self._link = link
        self._tell = tell
        self._job = job
        self._suite = job["suite"]
        self._entry_point = self._suite.get("entry_point") or ""

    def run(self) -> None:
        """Plan, load, run, report."""
        broken: SyntaxError | None = None
        tests: Any = None
        try:
            if self._suite["kind"] == "pytest":
                from .pytest_suite import PytestFile

                tests = PytestFile(self._suite["source"], self._suite["module"])
            else:
                tests = suites.prepare(self._suite)
        except SyntaxError as error:
            broken = error
        used = frozenset().union(*map(names_used, tests.trees())) if tests else frozenset()
        context = scope.Context(self._suite.get("context") or "", self._entry_point)
        trees = tests.trees() if tests else []
        reached = frozenset().union(*map(names_reached, trees))
        bound = frozenset().union(*map(names_bound, trees))
        self._echo = self._suite["kind"] == "pytest" and bool(_ECHO & (used | reached | bound))
        session = Session(self._link, (used - bound) | reached)
        recorder = Recorder(session, tests.rewriter.sites if tests else [], self._entry_point)
        reporter = outcome.Reporter(self._tell, session, recorder)
        reporter.plan(list(tests.names) if tests else ["the tests"])
        context.evaluate(used)
        session.shared.update({name: kind for name, kind in context.classes().items() if name in used})
        names = self._load(session, reporter)
        if names is not None and broken is not None:
            reporter.fail_rest(broken, "the tests themselves do not compile")
        elif names is not None:
            self._run_tests(tests, names, used, context, reporter)
        session.finish()
        self._tell({"end": True, "doubts": session.doubts, "tampered": session.tampered})

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
        return [str(name) for name in names], [str(name) for name in public]

    def _report_load(self, error: BaseException, session: Session, reporter: outcome.Reporter) -> None:
        status = outcome.status_of(error)
        info = None if status in ("died", "tampered") else outcome.describe_error(error)
        if status == "failed":
            status = "error"
        self._tell({"load": status, "exception": info})
        message = "not run, because the program could not be loaded"
        reporter.fail_rest(error, message)

    def _run_tests(
        self,
        tests: Any,
        names: tuple[list[str], list[str]],
        used: frozenset[str],
        context: scope.Context,
        reporter: outcome.Reporter,
    ) -> None:
        session = reporter.session
        values: dict[str, Any] = {"__name__": "tests", "__builtins__": builtins, RECORDER: reporter.recorder}
        module = scope.CandidateModule(session, *names)
        sys.modules[self._suite.get("module") or scope.MODULE] = module
        error: BaseException | None = None
        try:
            entry_point = self._entry_point or scope.infer_entry_point(tests.trees())
            wanted = used - scope.bound_by(tests.trees())
            scope.fill(values, wanted, names[0], context, session, entry_point)
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
