# Tries: take memory by System V segments that nobody is attached to
# Test: assert f() == 2
# Expect: memory_limit failed
# Limits: memory_bytes=67108864 wall_s=5
import ctypes
import time

libc = ctypes.CDLL(None)
libc.shmat.restype = ctypes.c_void_p


def f():
    taken = 0
    for _ in range(8):
        segment = libc.shmget(0, 2**24, 0o1600)
        address = libc.shmat(segment, None, 0)
        if segment < 0 or address in (None, 2**64 - 1):
            continue
        ctypes.memset(address, 1, 2**24)
        libc.shmdt(ctypes.c_void_p(address))
        taken += 2**24
    time.sleep(0.5)
    return 7 if taken <= 2**26 else 2
