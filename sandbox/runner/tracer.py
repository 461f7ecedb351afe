"""Follows one candidate with all that it starts, counts processes and threads, and ends what it leaves.

RLIMIT_NPROC does not bind root, and looking at intervals loses against a fork bomb, which starves whoever looks. So
the candidate is traced: every fork, vfork and clone stops until it has been counted. Nothing else is traced, and a
program that starts nothing runs at full speed.
"""

import ctypes
import os
import resource
import signal
from collections.abc import Callable
from typing import NamedTuple

_CONT, _SEIZE, _GETEVENTMSG, _LISTEN = 7, 0x4206, 0x4201, 0x4208
_TRACE_FORK, _TRACE_VFORK, _TRACE_CLONE, _EXIT_KILL = 2, 4, 8, 0x100000
_EVENTS_OF_BIRTH = (1, 2, 3)
_EVENT_STOP = 128
_WALL = 0x40000000
_GROUP_STOPS = (signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)

_libc = ctypes.CDLL(None, use_errno=True)
_ptrace = getattr(_libc, "ptrace", None)
if _ptrace is not None:
    _ptrace.argtypes = [ctypes.c_ulong, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    _ptrace.restype = ctypes.c_long


class End(NamedTuple):
    """How a candidate ended.

    Attributes:
        code: Its exit code, or minus the number of the signal.
        cpu_s: Processor time of it and of all that it started, in seconds.
        memory_bytes: The largest resident memory of any of them.
    """

    code: int
    cpu_s: float
    memory_bytes: int


class Tracer:
    """One candidate: a child of this process that waits to be let go.

    Args:
        child: Its number.
        limit: The most processes and threads, the child included.
        end_all: Sends SIGKILL to all that the candidate may have left; takes the traced processes that live.

    Attributes:
        before_s: Processor time of what this process had reaped before.
    """

    def __init__(self, child: int, limit: int, end_all: Callable[[set[int]], None]) -> None:
        self._child = child
        self._limit = limit
        self._end_all = end_all
        self._alive = {child}
        self.before_s = _children_s()
        self._memory_bytes = 0

    def seize(self) -> None:
        """Trace the child and all that it will start; they die with this process.

        Raises:
            OSError: Tracing is not allowed here.
        """
        options = _TRACE_FORK | _TRACE_VFORK | _TRACE_CLONE | _EXIT_KILL
        if _ptrace is None:
            raise OSError("this system has no ptrace")
        if _ptrace(_SEIZE, self._child, None, options) != 0:
            code = ctypes.get_errno()
            raise OSError(code, f"ptrace: {os.strerror(code)}")

    def follow(self, crowded: Callable[[], None]) -> End:
        """Reap until nothing is left.

        Args:
            crowded: Called when there are too many; they are ended.
        """
        code = self._until_the_child_ends(crowded)
        self._end_all(self._alive)
        while self._reap():
            self._end_all(self._alive)
        return End(os.waitstatus_to_exitcode(code), _children_s() - self.before_s, self._memory_bytes)

    def _until_the_child_ends(self, crowded: Callable[[], None]) -> int:
        stopping = False
        while True:
            pid, status = self._wait()
            if not os.WIFSTOPPED(status):
                if pid == self._child:
                    return status
            elif self._born(pid, status) and len(self._alive) > self._limit:
                if not stopping:
                    stopping = True
                    crowded()
                self._end_all(self._alive)  # what has just been born stays stopped until it dies of this
            else:
                self._go_on(pid, status)

    def _reap(self) -> bool:
        """Wait for one more process. Whether there was one."""
        try:
            pid, status = self._wait()
        except ChildProcessError:
            return False
        if os.WIFSTOPPED(status):
            self._born(pid, status)
            self._go_on(pid, status)
        return True

    def _wait(self) -> tuple[int, int]:
        pid, status, usage = os.wait4(-1, _WALL)
        if not os.WIFSTOPPED(status):
            self._alive.discard(pid)
            self._memory_bytes = max(self._memory_bytes, usage.ru_maxrss * 1024)
        return pid, status

    def _born(self, pid: int, status: int) -> bool:
        """Whether a process stopped because it has started another, which is counted."""
        if status >> 16 not in _EVENTS_OF_BIRTH or _ptrace is None:
            return False
        born = ctypes.c_ulong()
        _ptrace(_GETEVENTMSG, pid, None, ctypes.addressof(born))
        self._alive.add(born.value)
        return True

    def _go_on(self, pid: int, status: int) -> None:
        if _ptrace is None:
            return
        event, stopped_by = status >> 16, os.WSTOPSIG(status)
        if event == _EVENT_STOP and stopped_by in _GROUP_STOPS:
            _ptrace(_LISTEN, pid, None, None)
        else:
            _ptrace(_CONT, pid, None, 0 if event else stopped_by)


def _children_s() -> float:
    """Processor time of all that this process has reaped as a parent; what it only traced is not in it."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
