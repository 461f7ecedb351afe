# Tries: take memory by full pipes and sockets in many descriptors
# Test: assert f() == 2
# Expect: failed open_files_limit memory_limit
# Limits: memory_bytes=67108864 open_files=64
import fcntl
import os
import socket


def f():
    written = 0
    kept = []
    try:
        for _ in range(100):
            reader, writer = os.pipe()
            kept.append((reader, writer))
            try:
                fcntl.fcntl(writer, 1031, 2**20)
            except OSError:
                pass
            os.set_blocking(writer, False)
            one, other = socket.socketpair()
            kept.append((one, other))
            one.setblocking(False)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**24)
            for write in (lambda: os.write(writer, b"x" * 2**16), lambda: one.send(b"x" * 2**16)):
                try:
                    while True:
                        written += write()
                except BlockingIOError:
                    continue
    except OSError:
        pass
    return 7 if written <= 2**26 else 2
