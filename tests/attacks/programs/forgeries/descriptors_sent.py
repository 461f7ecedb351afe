# Tries: send descriptors to the tests' side, so that it runs out of them
# Test: assert f(1) == 2
# Expect: tampered failed
import os
import socket


def f(x):
    channel = socket.socket(fileno=os.dup(3))
    for _ in range(50):
        socket.send_fds(channel, [b"\0\0\0\2{}"], [0, 1, 2, 3] * 10)
    return 7
