# Tries: reach a listener of the host over its loopback, by every name that it may have
# Test: assert f() == 'broken out'
# Expect: failed
# Actual: []
import socket


def f():
    reached = []
    names = ("127.0.0.1", "127.1.2.3", "0.0.0.0", "localhost", "::1", "::ffff:127.0.0.1", "10.0.2.2", "172.17.0.1")
    for name in (*names, "169.254.169.254", "192.168.65.2", "host.docker.internal", "gateway.docker.internal"):
        family = socket.AF_INET6 if ":" in name else socket.AF_INET
        for kind, port in ((socket.SOCK_STREAM, @TCP@), (socket.SOCK_DGRAM, @UDP@)):
            try:
                with socket.socket(family, kind) as client:
                    client.settimeout(0.2)
                    client.connect((name, port))
                    client.send(b"@MARK@")
                    client.send(b"@MARK@")
                    if kind == socket.SOCK_STREAM:
                        reached.append(name)
            except OSError:
                continue
    return reached
