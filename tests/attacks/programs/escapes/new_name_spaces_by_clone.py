# Tries: make name spaces of its own by clone and clone3
# Test: assert f() == 'broken out'
# Expect: failed
# Actual: []
import ctypes
import os
import platform

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
CLONE = {"x86_64": 56, "aarch64": 220}[platform.machine()]
USER = 0x10000000


def f():
    made = []
    child = libc.syscall(CLONE, USER | 17, 0, 0, 0, 0)
    if child == 0:
        os._exit(0)
    if child > 0:
        os.waitpid(child, 0)
        made.append("clone")
    arguments = (ctypes.c_uint64 * 11)(USER, 0, 0, 0, 17)
    child = libc.syscall(435, arguments, 88)
    if child == 0:
        os._exit(0)
    if child > 0:
        os.waitpid(child, 0)
        made.append("clone3")
    return made
