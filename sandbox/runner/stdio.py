"""Whole programs: each case a fresh process; the output is compared here, outside of it."""

import contextlib
import socket
import time
from typing import Any

from .channel import ChannelError, Message, dump
from .outcome import result
from .recorder import cut
from .watch import Reports, Watch

Result = dict[str, Any]


def follow(rpc: socket.socket, watch: Watch, program: str, wall_s: float) -> Message | None:
    """Run a program to its end. What it said of its own exception, if it ended so."""
    with contextlib.suppress(OSError):
        rpc.sendall(dump({"mode": "main", "program": program}))
    reports = Reports(rpc)
    said: list[Message] = []
    deadline = time.monotonic() + wall_s + 5
    while not watch.stopped and time.monotonic() < deadline:
        watch.wait([] if reports.closed else [rpc.fileno()], 1.0)
        with contextlib.suppress(ChannelError):
            said += reports.take()
    with contextlib.suppress(ChannelError):
        said += reports.take()
    return said[-1] if said else None


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.rstrip().split("\n")]


def judge(name: str, expected: str, watch: Watch, said: Message | None) -> Result:
    """The result of one case."""
    stdout, _ = watch.output()
    base = {"stdout": cut(stdout, 10_000), "wall_s": watch.wall_s}
    status, message = watch.verdict()
    if watch.cause is None and said is not None and isinstance(said.get("exception"), dict):
        info = {key: said["exception"].get(key, "") for key in ("type", "message", "traceback", "line")}
        status = "syntax_error" if said.get("syntax") else "error"
        if info["type"] == "MemoryError" and status == "error":
            status = "memory_limit"
        return result(name, status, exception=info, **base)
    if watch.exit != 0 or watch.cause is not None:
        message = message.removesuffix(" before it answered")
        return result(name, status, message=message, **base)
    if _lines(watch.raw_stdout.decode("utf-8", "surrogateescape")) == _lines(expected):
        return result(name, "passed", **base)
    return result(
        name, "failed", expected=cut(expected), actual=cut(stdout), message=_difference(expected, stdout), **base
    )


def _difference(expected: str, actual: str) -> str:
    wanted, found = _lines(expected), _lines(actual)
    for number, (one, other) in enumerate(zip(wanted, found, strict=False), 1):
        if one != other:
            return f"line {number} of the output is {cut(repr(other), 200)}, expected {cut(repr(one), 200)}"
    return f"the output has {len(found)} lines, expected {len(wanted)}"


def execution(tests: list[Result], exception: Result | None, watches: list[Watch]) -> Result:
    """The job's answer."""
    outputs = [watch.output() for watch in watches]
    return {
        "status": next((test["status"] for test in tests if test["status"] != "passed"), "passed"),
        "tests": tests,
        "exception": exception,
        "stdout": "".join(stdout for stdout, _ in outputs),
        "stderr": "".join(stderr for _, stderr in outputs),
        "wall_s": sum(watch.wall_s for watch in watches),
        "cpu_s": sum(watch.cpu_s for watch in watches),
        "memory_bytes": max((watch.memory_bytes for watch in watches), default=0),
        "unverified": "",
    }
