# Tries: close the channel in one direction, or for good, and end with status 0
# Test: assert f(1) == 2
# Expect: crashed
import os
import socket


def f(x):
    socket.socket(fileno=3).shutdown(socket.SHUT_WR)
    os._exit(0)
