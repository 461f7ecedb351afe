# Tries: type into the terminal that the host runs in
# Test: assert f() == 'broken out'
# Expect: failed
# Actual: []
import fcntl
import os
import termios


def f():
    typed = []
    descriptors = list(range(64))
    for path in ("/dev/tty", "/dev/console", "/dev/tty0", "/dev/tty1", "/dev/pts/0", "/dev/pts/1", "/proc/self/fd/0"):
        try:
            descriptors.append(os.open(path, os.O_RDWR | os.O_NOCTTY))
        except OSError:
            continue
    for descriptor in descriptors:
        for request, argument in ((termios.TIOCSTI, b"#"), (termios.TIOCSCTTY, 1), (0x541C, b"\x02")):
            try:
                fcntl.ioctl(descriptor, request, argument)
                typed.append(descriptor)
            except (OSError, TypeError):
                continue
    return typed
