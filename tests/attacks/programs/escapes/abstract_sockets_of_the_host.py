# Tries: reach an abstract socket of the host
# Test: assert f() == 'broken out'
# Expect: failed
# Actual: []
import socket


def f():
    reached = []
    for name in ("\0@ABSTRACT@", "@SOCKET@", "\0/tmp/.X11-unix/X0", "\0/containerd-shim"):
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(name)
                client.send(b"@MARK@")
                reached.append(name)
            except OSError:
                continue
    return reached
