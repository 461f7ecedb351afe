# Tries: reboot, swap, account and rename the machine, by raw system calls
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
    "x86_64": {"acct": 163, "quotactl": 179, "reboot": 169, "setdomainname": 171, "sethostname": 170, "swapoff": 168, "swapon": 167, "syslog": 103, "vhangup": 153},
    "aarch64": {"acct": 89, "quotactl": 60, "reboot": 142, "setdomainname": 162, "sethostname": 161, "swapoff": 225, "swapon": 224, "syslog": 116, "vhangup": 58},
}[platform.machine()]
CALLS = {
    "reboot": ("reboot", 0xfee1dead, 0x28121969, 0, 0),
    "swapon": ("swapon", b"/nowhere", 0),
    "swapoff": ("swapoff", b"/nowhere"),
    "acct": ("acct", b"/nowhere"),
    "sethostname": ("sethostname", b"box", 3),
    "setdomainname": ("setdomainname", b"box", 3),
    "syslog": ("syslog", 3, bytes.fromhex("0000000000000000").ljust(64, b"\0"), 64),
    "quotactl": ("quotactl", 0x80000200, 0, 0, 0),
    "vhangup": ("vhangup",),
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
