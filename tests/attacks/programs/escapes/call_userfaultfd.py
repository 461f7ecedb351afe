# Tries: hold the kernel in the middle of a page fault, by raw system calls
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
    "x86_64": {"userfaultfd": 323},
    "aarch64": {"userfaultfd": 282},
}[platform.machine()]
CALLS = {
    "userfaultfd": ("userfaultfd", 0),
    "of the user mode": ("userfaultfd", 1),
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
