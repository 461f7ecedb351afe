"""A model server for tests: OpenAI-compatible, on loopback, with written answers that come when the test wants."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

WRONG = "```python\ndef add(a, b):\n    return a - b\n```\n"
RIGHT = "```python\ndef add(a, b):\n    return a + b\n```\n"

Before = Callable[[str], Awaitable[None]]
"""Called with the prompt before it is answered: it may wait, or kill somebody."""


async def _at_once(prompt: str) -> None:
    pass


class ModelServer:
    """Answers a first request with a wrong program, and every later one of the conversation with the right one.

    Attributes:
        before: What happens before an answer.
        programs: By a word in the prompt, what to answer instead.
        broken: Answer with garbage while set.
        asked: How often a prompt with each number of assistant messages came.
        now, peak: Requests that are being answered, and the most that ever were.
        hung_up: Requests whose client went away before the answer.
    """

    def __init__(self) -> None:
        self.address = ""
        self.before: Before = _at_once
        self.programs: dict[str, str] = {}
        self.broken = False
        self.asked: Counter[int] = Counter()
        self.now = self.peak = self.hung_up = 0

    @classmethod
    @asynccontextmanager
    async def running(cls) -> AsyncIterator["ModelServer"]:
        server = cls()
        listener = await asyncio.start_server(server._handle, "127.0.0.1", 0)
        server.address = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/v1"
        try:
            yield server
        finally:
            listener.close()

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.now += 1
        self.peak = max(self.peak, self.now)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = int(head.split("content-length: ")[1].split("\r\n")[0])
            messages = json.loads(await reader.readexactly(length))["messages"]
            turn = sum(message["role"] == "assistant" for message in messages)
            self.asked[turn] += 1
            await self._answer(messages[0]["content"], turn, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.hung_up += 1
        finally:
            self.now -= 1
            writer.close()

    async def _answer(self, prompt: str, turn: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        waiting, gone = asyncio.ensure_future(self.before(prompt)), asyncio.create_task(reader.read(1))
        await asyncio.wait({waiting, gone}, return_when=asyncio.FIRST_COMPLETED)
        for task in (waiting, gone):
            task.cancel()
        await asyncio.gather(waiting, gone, return_exceptions=True)
        if waiting.cancelled():
            raise ConnectionError
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
        if self.broken:
            writer.write(b'data: {"id": "c", "choi\xff\n\ndata: nonsense\n\n')
        else:
            special = [text for word, text in self.programs.items() if word in prompt]
            text = special[0] if special else RIGHT if turn else WRONG
            writer.write(_piece({"content": text}, None) + _piece({}, "stop") + b"data: [DONE]\n\n")
        await writer.drain()


def _piece(delta: dict[str, str], finish: str | None) -> bytes:
    choice: dict[str, Any] = {"index": 0, "delta": delta, "finish_reason": finish}
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    return f"data: {json.dumps(chunk)}\n\n".encode()
