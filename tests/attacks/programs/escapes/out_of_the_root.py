# Tries: climb out of the root by dots, by /proc, by descriptors and by a chroot
# Test: assert f() == 'broken out'
# Expect: failed
# Actual: []
import os


def f():
    top = os.open("/", os.O_RDONLY)
    inside = os.listdir("/")
    found = []
    for path in ("../" * 30, "/proc/self/root", "/proc/self/cwd/" + "../" * 30, "/proc/self/fd/%d/.." % top):
        try:
            if os.listdir(path) != inside:
                found.append(path)
        except OSError:
            continue
    for path in ("/proc/1/root", "/proc/1/cwd", f"/proc/{os.getppid()}/root", "/proc/self/task/1/root"):
        try:
            found.append(os.listdir(path))
        except OSError:
            continue
    os.chdir("/")
    for _ in range(30):
        os.chdir("..")
    return found + [name for name in os.listdir(".") if name not in inside]
