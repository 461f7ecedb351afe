"""Runs jobs: for each one a fresh candidate and tests beside it, watched from outside, then gone."""

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from typing import Any

from . import leftovers, limits, tester, zygote
from .channel import Message
from .reports import Reports
from .story import Story
from .watch import Watch

Result = dict[str, Any]


class Supervisor:
    """Runs jobs one after the other."""

    def __init__(self, maker: zygote.Zygote, testing: tester.Tester, host: int, *, isolate: bool) -> None:
        self._zygote = maker
        self._tester = testing
        self._host = host
        maker.sock.setblocking(False)
        self._isolate = isolate
        self._scratch = dict.fromkeys(
            folder
            for folder in (zygote.SCRATCH, *zygote.SHARED_SCRATCH, "/dev/shm", os.environ.get("TMPDIR", zygote.SCRATCH))
            if os.path.ismount(folder)
        )
        self._count_processes = isolate and limits.kernel_counts_processes_per_namespace()

    @property
    def spent(self) -> bool:
        """Whether no further candidate can be started."""
        try:
            return not self._zygote.sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def execute(self, line: bytes) -> Result:
        """Run one job.

        Raises:
            Refused: The box could not be built.
            Unclean: Something of it is left.
        """
        job = json.loads(line)
        given = limits.Limits(**job["limits"])
        try:
            if job["suite"]["kind"] == "stdio":
                return self._stdio(job, given)
            if job["suite"]["kind"] == "query":
                return self._queries(job, given)
            return self._tests(line, job, given)
        finally:
            leftovers.end({self._zygote.pid, self._tester.pid})
            if self._isolate:
                for folder in self._scratch:
                    leftovers.empty(folder)

    @contextlib.contextmanager
    def _candidate(
        self, job: Message, given: limits.Limits, stdin: bytes | None
    ) -> Iterator[tuple[socket.socket, Watch]]:
        """A candidate process: our end of its channel, and the watch over it."""
        ours, theirs = socket.socketpair()
        pipes = [os.pipe() for _ in range(2)]
        source = _memory_file(stdin) if stdin is not None else os.open("/dev/null", os.O_RDONLY)
        with contextlib.ExitStack() as stack:
            stack.callback(ours.close)
            trace = [stack.enter_context(_trace_file())] if _is_traced(job) else []
            folder = "/" if self._isolate else stack.enter_context(_scratch())
            order = {
                "limits": job["limits"],
                "stdin": stdin is not None,
                "cwd": folder,
                "count_processes": self._count_processes,
            }
            zygote.order(self._zygote.sock, order, [theirs.fileno(), source, *(pipe[1] for pipe in pipes), *trace])
            theirs.close()
            os.close(source)
            for _, end in pipes:
                os.close(end)
            watch = Watch(given, self._zygote, stdout=pipes[0][0], stderr=pipes[1][0], host=self._host)
            for file in trace:
                stack.callback(watch.take_trace, file)
            stack.callback(watch.finish)
            yield ours, watch

    def _tests(self, line: bytes, job: Message, given: limits.Limits) -> Result:
        story = Story()
        with self._candidate(job, given, None) as (rpc, watch), contextlib.ExitStack() as stack:
            (mine, theirs), (bell, rope) = socket.socketpair(), socket.socketpair()
            for each in (mine, theirs, bell, rope):
                stack.callback(each.close)
            tests = self._tester.start(line, [rpc.fileno(), theirs.fileno(), rope.fileno(), watch.stdout])
            stack.callback(lambda: self._tester.end(tests, finished=story.ended))
            theirs.close()
            rope.close()
            rpc.close()
            story.follow(watch, Reports(mine, bell))
        return story.execution(watch)

    def _stdio(self, job: Message, given: limits.Limits) -> Result:
        """Run each case; the host compares what was printed."""
        from . import stdio

        runs: list[Result] = []
        for data in stdio.inputs(job["suite"]):
            with self._candidate(job, given, data) as (rpc, watch):
                said = stdio.follow(rpc, watch, job["program"])
            runs.append(stdio.describe(watch, said))
            if runs[-1]["status"] == "syntax_error":
                break
        return {"runs": runs}

    def _queries(self, job: Message, given: limits.Limits) -> Result:
        """Run the candidate's query and, if it returns rows, that of the problem; the host compares what came."""
        from . import query

        data, most = query.database(job["suite"]), given.output_bytes
        runs: list[Result] = []
        for text in query.queries(job):
            with self._candidate(job, given, data) as (rpc, watch):
                said = query.follow(rpc, watch, text, most)
            runs.append(query.describe(watch, said, most))
            if runs[-1]["status"] is not None:
                break
        return {"runs": runs}


def _is_traced(job: Message) -> bool:
    return bool(job.get("trace")) and job["suite"]["kind"] != "query"


@contextlib.contextmanager
def _trace_file() -> Iterator[int]:
    from . import tracefile  # few jobs ask for a trace

    descriptor = tracefile.create()
    try:
        yield descriptor
    finally:
        os.close(descriptor)


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
