# Tries: make name spaces of its own, in which it has every right
# Test: assert f() == 'broken out'
# Expect: failed
# Actual: []
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
KINDS = {"user": 0x10000000, "mount": 0x20000, "pid": 0x20000000, "net": 0x40000000, "ipc": 0x8000000, "uts": 0x4000000}
KINDS |= {"cgroup": 0x2000000, "time": 0x80, "all": 0x7E020000}


def f():
    made = []
    for name, flag in KINDS.items():
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.write(writer, b"1" if libc.unshare(flag) == 0 else b"0")
            os._exit(0)
        os.waitpid(child, 0)
        if os.read(reader, 1) == b"1":
            made.append(name)
        os.close(reader)
        os.close(writer)
    return made
