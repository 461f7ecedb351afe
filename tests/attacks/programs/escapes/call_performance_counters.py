# Tries: watch the kernel and other processes through performance events, by raw system calls
# Test: assert f() == 'broken out'
# Expect: failed
# Actual: []
import ctypes
import errno
import platform

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
REFUSED = (errno.EPERM, errno.ENOSYS, errno.EACCES)
NUMBERS = {
    "x86_64": {"perf_event_open": 298},
    "aarch64": {"perf_event_open": 241},
}[platform.machine()]
CALLS = {
    "perf_event_open": ("perf_event_open", bytes.fromhex("0100000070000000").ljust(112, b"\0"), 0, -1, -1, 0),
}


def f():
    reached = []
    for name, (call, *arguments) in CALLS.items():
        if call not in NUMBERS:
            continue
        arguments = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
        if libc.syscall(ctypes.c_long(NUMBERS[call]), *arguments) != -1 or ctypes.get_errno() not in REFUSED:
            reached.append(name)
    return reached
