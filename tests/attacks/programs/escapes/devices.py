# Tries: make device nodes, and open memory, disks and kernel logs
# Test: assert f() == 'broken out'
# Expect: failed
# Actual: []
import os
import stat


def f():
    reached = []
    for kind, major, minor in ((stat.S_IFCHR, 1, 1), (stat.S_IFCHR, 1, 11), (stat.S_IFBLK, 8, 0), (stat.S_IFBLK, 254, 0)):
        for folder in (".", "/dev", "/dev/shm"):
            path = f"{folder}/node{major}-{minor}"
            try:
                os.mknod(path, kind | 0o666, os.makedev(major, minor))
                os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
                reached.append(path)
            except OSError:
                continue
    for name in ("mem", "kmem", "port", "kmsg", "kvm", "fuse", "loop-control", "mapper/control", "net/tun", "vhost-net", "sda", "vda"):
        try:
            os.close(os.open(f"/dev/{name}", os.O_RDONLY | os.O_NONBLOCK))
            reached.append(name)
        except OSError:
            continue
    return reached
