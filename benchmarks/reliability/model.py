"""A model server of our own: OpenAI-compatible, on loopback; it knows the answers, and can be troubled.

Its answer to turn K of job N says so in a comment, so that a trajectory shows whether an answer came to another job, or
twice, or cut short.
"""

import asyncio
import itertools
import json
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from enum import StrEnum
from typing import Any

TURNS = 2  # in the last of them a job is solved
_WRITTEN = ("a - b", "a + b")
_JOB = re.compile(r"number (\d+)\.")
_TURN = re.compile(r"# job \d+, turn (\d+)")


class Trouble(StrEnum):
    """What a model server may do wrong."""

    HANGS = "hangs"
    GARBAGE = "garbage"
    DIES = "dies in mid-stream"


def statement(number: int) -> str:
    """The problem of a job."""
    return f"Write a function add(a, b) that returns the sum of two integers. This is number {number}."


def program(number: int, turn: int) -> str:
    """What the model writes in a turn of a job."""
    return f"# job {number}, turn {turn}\ndef add(a, b):\n    return {_WRITTEN[turn - 1]}"


class ModelServer:
    """Answers each turn of each job with the program that belongs there, after a moment.

    Attributes:
        trouble: What is wrong with it at present.
        asked: How often each turn of each job was asked for, answered or not.
        deadly: The numbers of jobs whose requests are not answered; `kill` is called for each.
        now: Requests that are being answered.
        spoiled: Requests that were not answered as they should be.
    """

    def __init__(self, latency_s: tuple[float, float]) -> None:
        self.address = ""
        self.trouble: Trouble | None = None
        self.deadly: set[int] = set()
        self.kill: Callable[[], None] = lambda: None
        self.asked: Counter[tuple[int, int]] = Counter()
        self.now = self.spoiled = 0
        self._latency_s = latency_s
        self._spoils = itertools.count()

    @classmethod
    @asynccontextmanager
    async def running(cls, latency_s: tuple[float, float] = (0.3, 1.5)) -> AsyncIterator["ModelServer"]:
        """A server until the context ends.

        Args:
            latency_s: An answer takes at least and at most so long.
        """
        server = cls(latency_s)
        tasks: set[asyncio.Task[None]] = set()

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                server.now += 1
                try:
                    await server._handle(reader, writer)
                finally:
                    server.now -= 1
                    writer.close()

        listener = await asyncio.start_server(handle, "127.0.0.1", 0)
        server.address = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/v1"
        try:
            yield server
        finally:
            listener.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(head.split("content-length: ")[1].split("\r\n")[0])
        messages = json.loads(await reader.readexactly(length))["messages"]
        number = int(_JOB.findall(messages[0]["content"])[0])
        earlier = [int(turn) for message in messages for turn in _TURN.findall(message["content"])]
        turn = max(earlier, default=0) + 1
        self.asked[number, turn] += 1
        await asyncio.sleep(random.uniform(*self._latency_s))
        if number in self.deadly:
            self.kill()
            return
        reply = f"```python\n{program(number, turn)}\n```\n"
        if self.trouble is None:
            await _send(writer, _HEAD + _piece(reply) + _piece("", "stop") + _END)
            return
        self.spoiled += 1
        await self._spoil(self.trouble, reply, reader, writer)

    async def _spoil(
        self, trouble: Trouble, reply: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if trouble is Trouble.HANGS:
            await reader.read(1)  # until the client has gone
            return
        if trouble is Trouble.GARBAGE:
            await _send(writer, _GARBAGE[next(self._spoils) % len(_GARBAGE)])
            return
        await _send(writer, _HEAD + _piece(reply[: len(reply) * 2 // 3]))
        await asyncio.sleep(0.05)
        if next(self._spoils) % 2:
            writer.transport.abort()


def _piece(text: str, finish: str | None = None) -> bytes:
    choice: dict[str, Any] = {"index": 0, "delta": {"content": text} if text else {}, "finish_reason": finish}
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    return f"data: {json.dumps(chunk)}\n\n".encode()


async def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    await writer.drain()


_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
_END = b"data: [DONE]\n\n"
_GARBAGE = (
    _HEAD + b'data: {"id": "c", "choi\xff\n\ndata: nonsense\n\n',
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<html>It works!</html>",
    b"HTTP/1.1 500 Oops\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nsegmentation fault",
    _HEAD + b'data: {"choices": [{"delta": {"content": 7}}]}\n\ndata: [DONE]\n\n',
    b"\x00\x01\x02\xff\xfe not even HTTP",
    _HEAD + _END,
)
