"""Serves jobs: for each one a fresh trusted process and a fresh candidate, watched from outside, then gone."""

import contextlib
import importlib.util
import json
import os
import signal
import socket
import sys
import time
import types
from collections.abc import Iterator
from typing import Any

from . import limits, namespaces, zygote
from .channel import Message
from .watch import Refused, Reports, Unclean, Watch

_TRUSTED_GRACE_S = 3.0  # how long the tests may go on without the candidate
_STDOUT_CUT = 10_000

Result = dict[str, Any]


def serve() -> int:
    """Answer one line of JSON with another until standard input ends. The exit status: 0 when all was clean."""
    stdin, stdout = os.dup(0), os.dup(1)
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)
    namespaces.adopt_orphans()
    sock, pid = _start_zygote(stdin, stdout)
    supervisor = _Supervisor(sock, pid)
    with os.fdopen(stdin, "rb") as jobs, os.fdopen(stdout, "wb") as answers:
        for line in jobs:
            clean = True
            try:
                answer = supervisor.execute(json.loads(line))
            except Refused as error:
                answer = {"infrastructure": f"the box could not be built: {error}"}
            except Unclean as error:
                answer, clean = {"infrastructure": str(error)}, False
            except (OSError, ValueError, KeyError, TypeError) as error:
                answer, clean = {"infrastructure": f"{type(error).__name__}: {error}"}, False
            answers.write(json.dumps(answer).encode("ascii") + b"\n")
            answers.flush()
            if not clean:
                return 1
    return 0


def _start_zygote(stdin: int, stdout: int) -> tuple[socket.socket, int]:
    os.set_inheritable(stdin, False)
    os.set_inheritable(stdout, False)
    return zygote.start()


class _Supervisor:
    """Runs jobs one after the other."""

    def __init__(self, sock: socket.socket, zygote_pid: int) -> None:
        self._zygote = sock
        self._zygote_pid = zygote_pid
        self._count_processes = limits.kernel_counts_processes_per_namespace()

    def execute(self, job: Message) -> Result:
        """Run one job.

        Raises:
            Refused: The box could not be built.
            Unclean: Something of it is left.
        """
        given = limits.Limits(**job["limits"])
        if job["suite"]["kind"] == "stdio":
            return self._stdio(job, given)
        return self._tests(job, given)

    @contextlib.contextmanager
    def _candidate(
        self, job: Message, given: limits.Limits, stdin: bytes | None
    ) -> Iterator[tuple[socket.socket, Watch]]:
        """A candidate process: our end of its channel, and the watch over it."""
        isolate = job.get("isolate", True)
        ours, theirs = socket.socketpair()
        pipes = [os.pipe() for _ in range(3)]
        source = _memory_file(stdin) if stdin is not None else os.open("/dev/null", os.O_RDONLY)
        with contextlib.ExitStack() as stack:
            stack.callback(ours.close)
            folder = "/" if isolate else stack.enter_context(_scratch())
            order = {
                "isolate": isolate,
                "limits": job["limits"],
                "stdin": stdin is not None,
                "cwd": folder,
                "count_processes": isolate and self._count_processes,
            }
            zygote.request(self._zygote, order, [theirs.fileno(), source, *(pipe[1] for pipe in pipes)])
            theirs.close()
            os.close(source)
            for _, end in pipes:
                os.close(end)
            spare = {self._zygote_pid}
            watch = Watch(
                given, stdout=pipes[0][0], stderr=pipes[1][0], status=pipes[2][0], spare=spare, isolated=isolate
            )
            stack.callback(watch.finish)
            yield ours, watch

    def _tests(self, job: Message, given: limits.Limits) -> Result:
        run = _TestRun(job, given)
        with self._candidate(job, given, None) as (rpc, watch):
            mine, theirs = socket.socketpair()
            with mine:
                if job["suite"]["kind"] == "pytest":
                    _import_pytest(job)
                else:
                    from . import trusted
                pid = os.fork()
                if pid == 0:
                    from . import trusted

                    mine.close()
                    trusted.run(rpc, theirs, job)
                watch.spare(pid)
                theirs.close()
                rpc.close()
                try:
                    run.follow(watch, Reports(mine))
                finally:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
                    watch.unspare(pid)
        return run.execution(watch)

    def _stdio(self, job: Message, given: limits.Limits) -> Result:
        from . import stdio

        results, watches = [], []
        info: Result | None = None
        for index, case in enumerate(job["suite"]["cases"]):
            with self._candidate(job, given, case["stdin"].encode("utf-8", "surrogateescape")) as (rpc, watch):
                said = stdio.follow(rpc, watch, job["program"], given.wall_s)
            found = stdio.judge(f"case {index + 1}", case["stdout"], watch, said)
            results.append(found)
            watches.append(watch)
            if found["status"] == "syntax_error":
                info = found["exception"]
                results += [
                    {**found, "name": f"case {later + 1}", "ran": False}
                    for later in range(index + 1, len(job["suite"]["cases"]))
                ]
                break
        return stdio.execution(results, info, watches)


def _scratch() -> contextlib.AbstractContextManager[str]:
    """A folder for a candidate that has no file system of its own."""
    import tempfile

    return tempfile.TemporaryDirectory(prefix="selfdebug-", ignore_cleanup_errors=True)


def _memory_file(data: bytes) -> int:
    descriptor = os.memfd_create("stdin", os.MFD_CLOEXEC)
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(data)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _import_pytest(job: Message) -> None:
    """Import pytest once, here, so that every trusted process is forked with it."""
    for folder in job.get("site", []):
        if folder not in sys.path:
            sys.path.append(folder)
    try:
        _provide_py()
        from . import pytest_suite  # noqa: F401
    except ImportError as error:
        raise Refused(f"pytest cannot be imported: {error}") from error


def _provide_py() -> None:
    """Make `import py` work, which pytest does: its own shim is a lone file beside its packages, and may be missing."""
    if importlib.util.find_spec("py") is not None:
        return
    error, path = (importlib.import_module(f"_pytest._py.{name}") for name in ("error", "path"))
    module = types.ModuleType("py")
    vars(module).update(error=error, path=path)
    sys.modules.update({"py": module, "py.error": error, "py.path": path})


class _TestRun:
    """The trusted process's story of one job."""

    def __init__(self, job: Message, given: limits.Limits) -> None:
        self._job = job
        self._limits = given
        self._names: list[str] = []
        self._results: dict[int, Result] = {}
        self._load: Message | None = None
        self._end: Message | None = None
        self._fault = ""

    def follow(self, watch: Watch, reports: Reports) -> None:
        """Take reports until the tests have ended."""
        stopped_at: float | None = None
        while self._end is None and not self._fault and not reports.closed:
            if watch.stopped and stopped_at is None:
                stopped_at = time.monotonic()
            if stopped_at is not None and time.monotonic() > stopped_at + _TRUSTED_GRACE_S:
                break
            watch.wait([reports.sock.fileno()], 1.0)
            for message in reports.take():
                self._take(message, watch)
                reports.acknowledge()
        deaths = [found["status"] for found in self._results.values()] + [(self._load or {}).get("load")]
        if "died" in deaths:
            watch.learn_end()

    def _take(self, message: Message, watch: Watch) -> None:
        if "plan" in message:
            self._names = message["plan"]
        elif "test" in message:
            found = message["result"]
            text = watch.new_stdout()
            found["stdout"] = text if len(text) <= _STDOUT_CUT else text[:_STDOUT_CUT] + "… [cut]"
            self._results[message["test"]] = found
        elif "load" in message:
            self._load = message
            watch.new_stdout()
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
        }

    def _collect(self, watch: Watch, status: str, message: str) -> list[Result]:
        """One result per planned test; what the candidate's end kept from running gets its cause."""
        tests = []
        for index in range(max(len(self._names), max(self._results, default=-1) + 1)):
            found = self._results.get(index)
            if found is None:
                found = {**_missing(self._names[index]), "status": "died"}
            if found["status"] == "died":
                text = message if found["ran"] else f"not run: {message}"
                found = {**found, "status": status, "message": text}
            tests.append(found)
        if self._end is not None and self._end["tampered"] and tests and tests[-1]["status"] == "passed":
            tests[-1] = {**tests[-1], "status": "tampered", "message": self._end["tampered"]}
        flooded = watch.cause is not None and watch.cause[0] == "output_limit"
        if flooded and tests and all(test["status"] == "passed" for test in tests):
            tests[-1] = {**tests[-1], "status": status, "message": message}
        return tests


def _missing(name: str) -> Result:
    return {
        "name": name,
        "status": "error",
        "call": None,
        "expected": None,
        "actual": None,
        "exception": None,
        "message": "",
        "stdout": "",
        "ran": False,
        "wall_s": 0.0,
    }
