# Tries: enter the name spaces of other processes
# Test: assert f() == 'broken out'
# Expect: failed
# Actual: []
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)


def f():
    entered = []
    for process in ("1", str(os.getppid()), "self"):
        for kind in ("user", "mnt", "pid", "net", "ipc", "uts", "cgroup", "time"):
            try:
                descriptor = os.open(f"/proc/{process}/ns/{kind}", os.O_RDONLY)
            except OSError:
                continue
            if libc.setns(descriptor, 0) == 0:
                entered.append((process, kind))
            os.close(descriptor)
    return entered
