"""The process from which candidates are forked. It starts before the first job and never sees a test or a program."""

import contextlib
import gc
import json
import os
import socket
from typing import Any, NoReturn

from . import candidate, limits, namespaces, tracer

SCRATCH = "/tmp"
_MAX_REQUEST = 4096


def start() -> tuple[socket.socket, int]:
    """Fork the zygote. Returns the socket to ask it with and its pid."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        ours.close()
        _serve(theirs)
    theirs.close()
    return ours, pid


def request(sock: socket.socket, order: dict[str, Any], descriptors: list[int]) -> None:
    """Ask for a candidate process: rpc socket, stdin, stdout, stderr and status pipe, in this order."""
    socket.send_fds(sock, [json.dumps(order).encode()], descriptors)


def _serve(sock: socket.socket) -> NoReturn:
    """Fork candidates until the supervisor is gone."""
    try:
        namespaces.die_with_parent()
        namespaces.one_malloc_arena()
        null = os.open("/dev/null", os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        keep = sock.fileno()
        os.closerange(3, keep)
        os.closerange(keep + 1, os.sysconf("SC_OPEN_MAX") if os.sysconf("SC_OPEN_MAX") < 4096 else 4096)
        candidate.add_site_builtins()
        gc.freeze()
        while True:
            data, descriptors, _, _ = socket.recv_fds(sock, _MAX_REQUEST, 8)
            if not data:
                os._exit(0)
            middle = os.fork()
            if middle == 0:
                sock.close()
                _leave_and_fork(json.loads(data), descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
            os.waitpid(middle, 0)
    finally:
        os._exit(70)


def _tell(status: int, word: str, text: str) -> None:
    with contextlib.suppress(OSError):
        os.write(status, json.dumps({word: text}).encode() + b"\n")


def _leave_and_fork(order: dict[str, Any], descriptors: list[int]) -> NoReturn:
    """Enter the namespaces and fork their first process, whom the supervisor adopts when this one ends."""
    status = descriptors[4]
    try:
        if order["isolate"]:
            namespaces.leave()
        first = os.fork()
        if first == 0:
            _be_first(order, descriptors)
        _tell(status, "pid", str(first))
    except OSError as error:
        _tell(status, "refused", str(error))
    finally:
        os._exit(0)


def _be_first(order: dict[str, Any], descriptors: list[int]) -> NoReturn:
    """Be the first process of the box: prepare it, fork the candidate, reap what it leaves, tell how it ended."""
    rpc, stdin, stdout, stderr, status = descriptors
    try:
        base = limits.address_space()
        if order["isolate"]:
            data = None
            if order["stdin"]:
                data = os.pread(stdin, os.fstat(stdin).st_size, 0)
            namespaces.fresh_file_systems(SCRATCH, order["limits"]["scratch_bytes"], data)
        else:
            os.chdir(order["cwd"])
        wait, go = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(status)
            os.close(go)
            os.read(wait, 1)
            _be_candidate(order, base, rpc, stdin, stdout, stderr)
        try:
            tracer.seize(child)
        except OSError:
            if order["isolate"]:
                raise
        os.write(go, b"!")
        for descriptor in (rpc, stdin, stdout, stderr, wait, go):
            os.close(descriptor)
        namespaces.hide_memory()
        if order["isolate"]:
            namespaces.drop_privileges()
        code = tracer.wait(child, order["limits"]["processes"], lambda: _tell(status, "crowded", ""))
        _tell(status, "ended", str(os.waitstatus_to_exitcode(code)))
    except OSError as error:
        _tell(status, "refused", str(error))
    finally:
        os._exit(0)


def _be_candidate(order: dict[str, Any], base: int, rpc: int, stdin: int, stdout: int, stderr: int) -> NoReturn:
    """Become the candidate: limits, no privileges, only its own descriptors."""
    channel = 3
    try:
        os.setsid()
        namespaces.die_with_parent()
        for number, descriptor in enumerate((stdin, stdout, stderr)):
            os.dup2(descriptor, number)
        if rpc != channel:
            os.dup2(rpc, channel)
        os.closerange(channel + 1, max(rpc, stdin, stdout, stderr, 64) + 1)
        os.set_inheritable(channel, False)
        given = limits.Limits(**order["limits"])
        limits.limit_candidate(given, base_bytes=base, count_processes=order["count_processes"])
        if order["isolate"]:
            namespaces.drop_privileges()
        else:
            namespaces.no_new_privileges()
        os.umask(0o077)
    except OSError as error:
        candidate.refuse(channel, str(error))
    candidate.run(channel)
