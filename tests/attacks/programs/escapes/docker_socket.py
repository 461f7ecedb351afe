# Tries: talk to a container engine, wherever its socket may be
# Test: assert f() == 'broken out'
# Expect: failed
# Actual: []
import glob
import os
import socket


def f():
    reached = []
    paths = ["/var/run/docker.sock", "/run/docker.sock", "/run/podman/podman.sock", "/run/crio/crio.sock"]
    paths += glob.glob("/run/**/*.sock", recursive=True) + glob.glob("/var/run/*") + ["@SOCKET@"]
    for path in paths:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
            with socket.socket(socket.AF_UNIX, kind) as client:
                try:
                    client.connect(path)
                    client.send(b"GET /info HTTP/1.0\r\n\r\n")
                    reached.append(path)
                except OSError:
                    continue
    return reached + [name for name in os.environ if "DOCKER" in name]
