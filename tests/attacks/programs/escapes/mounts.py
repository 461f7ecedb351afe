# Tries: mount, bind, move and unmount file systems, by the old calls and by the new
# Test: assert f() == 'broken out'
# Expect: failed
# Actual: []
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)


def f():
    os.makedirs("there", exist_ok=True)
    calls = {
        "tmpfs": lambda: libc.mount(b"none", b"there", b"tmpfs", 0, None),
        "bind": lambda: libc.mount(b"/", b"there", None, 4096, None),
        "proc": lambda: libc.mount(b"none", b"there", b"proc", 0, None),
        "remount": lambda: libc.mount(b"none", b"/", None, 32 | 4096, None),
        "sysfs": lambda: libc.mount(b"none", b"there", b"sysfs", 0, None),
        "overlay": lambda: libc.mount(b"none", b"there", b"overlay", 0, b"lowerdir=/:/tmp"),
        "umount": lambda: libc.umount2(b"/tmp", 2),
        "umount proc": lambda: libc.umount2(b"/proc", 2),
        "pivot_root": lambda: libc.syscall({"x86_64": 155}.get(os.uname().machine, 41), b"there", b"there"),
        "chroot": lambda: libc.chroot(b"there"),
    }
    return [name for name, call in calls.items() if call() == 0]
