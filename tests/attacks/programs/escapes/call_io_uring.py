# Tries: hand system calls to the kernel by rings, around filters, by raw system calls
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
    "x86_64": {"io_uring_enter": 426, "io_uring_register": 427, "io_uring_setup": 425},
    "aarch64": {"io_uring_enter": 426, "io_uring_register": 427, "io_uring_setup": 425},
}[platform.machine()]
CALLS = {
    "io_uring_setup": ("io_uring_setup", 1, bytes.fromhex("0000000000000000").ljust(120, b"\0")),
    "io_uring_enter": ("io_uring_enter", -1, 0, 0, 0, 0),
    "io_uring_register": ("io_uring_register", -1, 0, 0, 0),
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
