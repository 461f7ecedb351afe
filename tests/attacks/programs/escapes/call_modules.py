# Tries: load kernel modules and another kernel, by raw system calls
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
    "x86_64": {"delete_module": 176, "finit_module": 313, "init_module": 175, "kexec_file_load": 320, "kexec_load": 246},
    "aarch64": {"delete_module": 106, "finit_module": 273, "init_module": 105, "kexec_file_load": 294, "kexec_load": 104},
}[platform.machine()]
CALLS = {
    "init_module": ("init_module", 0, 0, b""),
    "finit_module": ("finit_module", 0, b"", 0),
    "delete_module": ("delete_module", b"selfdebug_none", 2048),
    "kexec_load": ("kexec_load", 0, 0, 0, 0),
    "kexec_file_load": ("kexec_file_load", -1, -1, 0, b"", 0),
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
