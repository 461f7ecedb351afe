# Tries: set the clock, by raw system calls
# Test: assert f() == 'broken out'
# Expect: failed
# Actual: []
import ctypes
import errno
import platform
import struct
import time

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
REFUSED = (errno.EPERM, errno.ENOSYS, errno.EACCES)
NUMBERS = {
    "x86_64": {"clock_adjtime": 305, "clock_settime": 227, "settimeofday": 164},
    "aarch64": {"clock_adjtime": 266, "clock_settime": 112, "settimeofday": 170},
}[platform.machine()]
CALLS = {
    "settimeofday": ("settimeofday", 0, bytes.fromhex("0000000000000000")),
    "clock_adjtime": ("clock_adjtime", 0, bytes.fromhex("0100000000000000").ljust(208, b"\0")),
    "clock_settime": ("clock_settime", 0, struct.pack("qq", int(time.time()), 0)),
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
