# Tries: move and mark memory of other processes and nodes, by raw system calls
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
    "x86_64": {"migrate_pages": 256, "move_pages": 279},
    "aarch64": {"migrate_pages": 238, "move_pages": 239},
}[platform.machine()]
CALLS = {
    "move_pages": ("move_pages", 1, 0, 0, 0, 0, 0),
    "migrate_pages": ("migrate_pages", 1, 0, 0, 0),
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
