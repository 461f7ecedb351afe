# Tries: reach the internet: addresses, names, raw packets, broadcasts
# Test: assert f() == 'broken out'
# Expect: failed
# Actual: []
import socket


def f():
    reached = []
    for address in (("1.1.1.1", 80), ("8.8.8.8", 53), ("169.254.169.254", 80), ("192.168.0.1", 80), ("10.0.0.1", 22)):
        with socket.socket() as client:
            client.settimeout(0.2)
            try:
                client.connect(address)
                reached.append(address)
            except OSError:
                pass
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            try:
                client.sendto(b"x", address)
                reached.append(address)
            except OSError:
                pass
    try:
        reached.append(socket.getaddrinfo("example.org", 80))
    except OSError:
        pass
    return reached
