# Tries: open sockets that no network name space confines, and those of rarely used kernel parts
# Test: assert f() == 'broken out'
# Expect: failed
# Actual: []
import socket

FAMILIES = {
    "vsock": (40, socket.SOCK_STREAM, 0),
    "packet": (17, socket.SOCK_RAW, 0),
    "raw": (socket.AF_INET, socket.SOCK_RAW, 1),
    "alg": (38, socket.SOCK_SEQPACKET, 0),
    "bluetooth": (31, socket.SOCK_RAW, 1),
    "can": (29, socket.SOCK_RAW, 1),
    "tipc": (30, socket.SOCK_SEQPACKET, 0),
    "rds": (21, socket.SOCK_SEQPACKET, 0),
    "key": (15, socket.SOCK_RAW, 2),
    "xdp": (44, socket.SOCK_RAW, 0),
    "qipcrtr": (42, socket.SOCK_DGRAM, 0),
    "ax25": (3, socket.SOCK_DGRAM, 0),
    "appletalk": (5, socket.SOCK_DGRAM, 0),
}


def f():
    opened = []
    for name, arguments in FAMILIES.items():
        try:
            socket.socket(*arguments).close()
            opened.append(name)
        except (OSError, ValueError):
            continue
    return opened
