"""Counts the processes and threads that a candidate starts, as they are started.

RLIMIT_NPROC does not bind root, and looking at intervals loses against a fork bomb, which starves whoever looks. So
the first process of a box traces the candidate: every fork, vfork and clone stops until it has been counted. Nothing
else is traced, and a program that starts nothing runs at full speed.
"""

import ctypes
import os
import signal
from collections.abc import Callable

_CONT, _SEIZE, _GETEVENTMSG, _LISTEN = 7, 0x4206, 0x4201, 0x4208
_TRACE_FORK, _TRACE_VFORK, _TRACE_CLONE, _EXIT_KILL = 2, 4, 8, 0x100000
_EVENTS_OF_BIRTH = (1, 2, 3)
_EVENT_STOP = 128
_WALL = 0x40000000
_GROUP_STOPS = (signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_ulong, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


def seize(pid: int) -> None:
    """Trace a child and all that it will start; they die with this process.

    Raises:
        OSError: Tracing is not allowed here.
    """
    options = _TRACE_FORK | _TRACE_VFORK | _TRACE_CLONE | _EXIT_KILL
    if _libc.ptrace(_SEIZE, pid, None, options) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"ptrace: {os.strerror(code)}")


def wait(child: int, limit: int, too_many: Callable[[], None]) -> int:
    """Reap everything until the child ends. Its wait status.

    Args:
        limit: The most processes and threads, the child included.
        too_many: Called when there are more; they are not let go on.
    """
    alive = {child}
    while True:
        pid, status = os.waitpid(-1, _WALL)
        if not os.WIFSTOPPED(status):
            alive.discard(pid)
            if pid == child:
                return status
            continue
        event, stopped_by = status >> 16, os.WSTOPSIG(status)
        if event in _EVENTS_OF_BIRTH:
            born = ctypes.c_ulong()
            _libc.ptrace(_GETEVENTMSG, pid, None, ctypes.addressof(born))
            alive.add(born.value)
            if len(alive) > limit:
                too_many()
                continue  # stays stopped; the supervisor ends them all
            _libc.ptrace(_CONT, pid, None, 0)
        elif event == _EVENT_STOP and stopped_by in _GROUP_STOPS:
            _libc.ptrace(_LISTEN, pid, None, None)
        else:
            _libc.ptrace(_CONT, pid, None, 0 if event else stopped_by)
