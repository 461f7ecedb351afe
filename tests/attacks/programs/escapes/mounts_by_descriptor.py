# Tries: make mounts by the newer calls, which older filters do not know
# Test: assert f() == 'broken out'
# Expect: failed
# Actual: []
import ctypes
import errno

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
REFUSED = (errno.EPERM, errno.ENOSYS, errno.EACCES)


def f():
    attributes = (ctypes.c_uint64 * 4)(0, 1, 0, 0)
    calls = {
        "open_tree": (428, -100, b"/", 1 | 0x8000),
        "fsopen": (430, b"tmpfs", 0),
        "fspick": (433, -100, b"/tmp", 0),
        "move_mount": (429, -100, b"/tmp", -100, b"/dev/shm", 0),
        "mount_setattr": (442, -100, b"/tmp", 0, attributes, 32),
    }
    return [name for name, call in calls.items() if libc.syscall(*call) != -1 or ctypes.get_errno() not in REFUSED]
