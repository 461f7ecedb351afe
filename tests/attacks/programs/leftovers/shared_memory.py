# Tries: leave shared memory, semaphores and message queues, and find those of an earlier run
# Test: assert f() == 'here before'
# Expect: failed
# Runs: 2
import ctypes
import os
from multiprocessing import shared_memory

libc = ctypes.CDLL(None, use_errno=True)
KEY, CREATE = @KEY@, 0o1666


def f():
    found = [libc.shmget(KEY, 0, 0), libc.semget(KEY, 0, 0), libc.msgget(KEY, 0)]
    libc.shmget(KEY, 4096, CREATE)
    libc.semget(KEY, 1, CREATE)
    libc.msgget(KEY, CREATE)
    for name in (b"/@MARK@", b"/@MARK@.2"):
        found.append(libc.shm_open(name, 0, 0))
        libc.shm_open(name, os.O_CREAT | os.O_RDWR, 0o666)
        found.append(libc.mq_open(name, os.O_RDWR))
        libc.mq_open(name, os.O_CREAT | os.O_RDWR, 0o666, None)
    try:
        shared_memory.SharedMemory("@MARK@.3", create=True, size=4096)
    except FileExistsError:
        found.append(0)
    except (OSError, ImportError):
        pass
    return "here before" if any(value >= 0 for value in found) else "left"
