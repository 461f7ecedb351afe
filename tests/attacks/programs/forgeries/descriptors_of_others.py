# Tries: take descriptors from other processes through pidfd_getfd and /proc
# Test: assert f(1) == 'broken out'
# Expect: failed
# Actual: []
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)


def f(x):
    taken = []
    for process in {1, os.getppid()}:
        pidfd = libc.syscall(434, process, 0)
        if pidfd >= 0:
            taken += [number for number in range(16) if libc.syscall(438, pidfd, number, 0) >= 0]
        for number in range(16):
            try:
                os.close(os.open(f"/proc/{process}/fd/{number}", os.O_RDONLY | os.O_NONBLOCK))
                taken.append(number)
            except OSError:
                continue
    return taken
