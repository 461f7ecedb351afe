# Tries: find or gain capabilities, other users, other groups
# Test: assert f() == 'broken out'
# Expect: failed
# Actual: []
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)


def f():
    gained = []
    header, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    libc.capget(header, data)
    if any(data):
        gained.append(("capabilities", list(data)))
    full = (ctypes.c_uint32 * 6)(*[2**32 - 1] * 6)
    if libc.capset(header, full) == 0:
        gained.append("capset")
    if libc.prctl(39, 0, 0, 0, 0) != 1:
        gained.append("new privileges")
    gained += [number for number in range(41) if libc.prctl(47, 2, number, 0, 0) == 0]
    for name, call in (
        ("setuid", lambda: os.setuid(0)),
        ("setgid", lambda: os.setgid(0)),
        ("setgroups", lambda: os.setgroups([0])),
        ("setresuid", lambda: os.setresuid(0, 0, 0)),
        ("chown", lambda: (open("mine", "w").close(), os.chown("mine", 0, 0))),
        ("nice", lambda: os.nice(-5)),
        ("limits", lambda: __import__("resource").setrlimit(7, (10**5, 10**5))),
        ("scheduler", lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))),
        ("priority", lambda: os.setpriority(os.PRIO_PROCESS, 0, -10)),
    ):
        try:
            call()
        except (OSError, ValueError):
            continue
        gained.append(name)
    return gained + ([os.getuid()] if os.getuid() == 0 else [])
