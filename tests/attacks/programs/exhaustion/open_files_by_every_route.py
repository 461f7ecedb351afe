# Tries: use up descriptors by pipes, sockets, epolls and duplicates
# Test: assert f() == 2
# Expect: open_files_limit
# Limits: open_files=32
import os
import select
import socket


def f():
    kept = []
    for _ in range(50):
        kept += [os.pipe(), socket.socketpair(), select.epoll(), os.dup(0)]
    return 7
