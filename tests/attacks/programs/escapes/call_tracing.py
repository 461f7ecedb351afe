# Tries: trace and read other processes, by raw system calls
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
    "x86_64": {"kcmp": 312, "process_vm_readv": 310, "ptrace": 101},
    "aarch64": {"kcmp": 272, "process_vm_readv": 270, "ptrace": 117},
}[platform.machine()]
CALLS = {
    "ptrace attach": ("ptrace", 16, 1, 0, 0),
    "ptrace traceme": ("ptrace", 0, 0, 0, 0),
    "process_vm_readv": ("process_vm_readv", 1, 0, 0, 0, 0, 0),
    "kcmp": ("kcmp", 1, 1, 0, 0, 0),
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
