# Tries: watch the file systems of the machine, by raw system calls
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
    "x86_64": {"fanotify_init": 300, "lookup_dcookie": 212, "open_by_handle_at": 304},
    "aarch64": {"fanotify_init": 262, "lookup_dcookie": 18, "open_by_handle_at": 265},
}[platform.machine()]
CALLS = {
    "fanotify_init": ("fanotify_init", 0, 0),
    "lookup_dcookie": ("lookup_dcookie", 0, 0, 0),
    "open_by_handle_at": ("open_by_handle_at", -100, 0, 0),
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
