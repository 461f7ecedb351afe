# Tries: leave listeners on every kind of socket, and find those of an earlier run
# Test: assert f() == 'here before'
# Expect: failed
# Runs: 2
import os
import socket
import time


def f():
    for family, kind, name in (
        (socket.AF_INET, socket.SOCK_STREAM, ("0.0.0.0", @LISTEN@)),
        (socket.AF_INET6, socket.SOCK_STREAM, ("::", @LISTEN@ + 1)),
        (socket.AF_INET, socket.SOCK_DGRAM, ("0.0.0.0", @LISTEN@)),
        (socket.AF_UNIX, socket.SOCK_STREAM, "\0@MARK@"),
        (socket.AF_UNIX, socket.SOCK_STREAM, "/tmp/@MARK@"),
        (socket.AF_UNIX, socket.SOCK_DGRAM, "/dev/shm/@MARK@"),
    ):
        try:
            server = socket.socket(family, kind)
        except OSError:
            continue
        try:
            server.bind(name)
        except FileExistsError:
            return "here before"
        except OSError as error:
            if error.errno == 98:
                return "here before"
            continue
        if kind == socket.SOCK_STREAM:
            server.listen()
        os.set_inheritable(server.fileno(), True)
        if os.fork() == 0:
            time.sleep(120)
    return "left"
