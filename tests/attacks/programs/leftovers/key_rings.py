# Tries: leave the answer in a key ring of the kernel, and find that of an earlier run
# Test: assert f() == 'here before'
# Expect: failed
# Runs: 2
import ctypes
import platform

libc = ctypes.CDLL(None)
libc.syscall.restype = ctypes.c_long
ADD, REQUEST, CONTROL = {"x86_64": (248, 249, 250), "aarch64": (217, 218, 219)}[platform.machine()]


def f():
    found = False
    for ring in (-1, -2, -3, -4, -5, -6):
        ring = ctypes.c_long(ring)
        found |= libc.syscall(CONTROL, 10, ring, b"user", b"@MARK@", 0) > 0
        found |= libc.syscall(REQUEST, b"user", b"@MARK@", None, ring) > 0
    for ring in (-3, -4, -5):
        libc.syscall(ADD, b"user", b"@MARK@", b"2", 1, ctypes.c_long(ring))
    return "here before" if found else "left"
