# Tries: use the kernel's key rings, which outlive a process, by raw system calls
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
    "x86_64": {"add_key": 248, "keyctl": 250, "request_key": 249},
    "aarch64": {"add_key": 217, "keyctl": 219, "request_key": 218},
}[platform.machine()]
CALLS = {
    "add_key": ("add_key", b"user", b"selfdebug", b"x", 1, -3),
    "add_key user": ("add_key", b"user", b"selfdebug", b"x", 1, -4),
    "keyctl": ("keyctl", 0, -3, 1, 0, 0),
    "join": ("keyctl", 1, 0, 0, 0, 0),
    "request_key": ("request_key", b"user", b"selfdebug", 0, -3),
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
