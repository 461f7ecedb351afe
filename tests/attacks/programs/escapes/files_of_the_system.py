# Tries: read the host's accounts, keys, names, logs and mounts
# Test: assert f() == 'broken out'
# Expect: failed
# Actual: []
import glob
import os
import socket
import sys

PLACES = (
    "/etc/shadow /etc/sudoers /var/run/docker.sock "
    "/run/docker.sock /run/containerd/containerd.sock /run/secrets /run/user /home/* /root/.[a-z]* "
    "/root/* /boot/* /srv/* /mnt/* /media/* /opt/* /sys/kernel/security /sys/fs/bpf/* /sys/firmware/* /sys/class/net/e* "
    "/proc/kcore /proc/kmsg /proc/sysrq-trigger /proc/1/environ /lost+found /dev/sd* /dev/vd* /dev/nvme* /dev/mem "
    "/dev/kmsg /dev/kvm /dev/fuse /dev/net/tun /dev/nvidia* /dev/dri /dev/snd /dev/input /dev/disk /dev/loop*"
).split()


def f():
    found = []
    for place in PLACES:
        for path in glob.glob(place):
            if sys.executable.startswith(path) or os.__file__.startswith(path):
                continue
            try:
                if os.path.isdir(path):
                    if os.listdir(path):
                        found.append(path)
                elif path.endswith(".sock"):
                    socket.socket(socket.AF_UNIX).connect(path)
                    found.append(path)
                elif os.path.exists(path):
                    with open(path, "rb") as file:
                        if file.read(1):
                            found.append(path)
            except OSError:
                continue
    return found
