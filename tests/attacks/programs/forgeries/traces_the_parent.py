# Tries: attach to the parent and to every process, and write into their memory
# Test: assert f(1) == 'broken out'
# Expect: failed
# Actual: []
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long


class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]


def f(x):
    reached = []
    for process in {1, os.getppid(), *range(2, 100)} - {os.getpid()}:
        if libc.ptrace(16, process, None, None) == 0 or libc.ptrace(0x4206, process, None, None) == 0:
            reached.append(("ptrace", process))
        buffer = ctypes.create_string_buffer(8)
        mine, theirs = Vector(ctypes.addressof(buffer), 8), Vector(ctypes.addressof(buffer), 8)
        for name in ("process_vm_readv", "process_vm_writev"):
            if getattr(libc, name)(process, ctypes.byref(mine), 1, ctypes.byref(theirs), 1, 0) > 0:
                reached.append((name, process))
        for file in ("mem", "environ", "syscall", "root/etc", "cwd/x", "fd/0", "exe"):
            try:
                os.close(os.open(f"/proc/{process}/{file}", os.O_RDWR))
                reached.append((file, process))
            except OSError:
                continue
    return reached
