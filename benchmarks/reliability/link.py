"""A network between two processes that can be cut: a TCP proxy on loopback."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Link:
    """Passes on what comes, as long as it is not cut.

    A cut is silent, as that of a cable is: nobody is told, what is sent waits, new connections are taken and nothing
    is said on them. When it is mended, all goes on where it stood for those who have waited.
    """

    def __init__(self, port: int) -> None:
        self._to = port
        self._whole = asyncio.Event()
        self._whole.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    @classmethod
    @asynccontextmanager
    async def to(cls, port: int) -> AsyncIterator["Link"]:
        """A link to a port of this machine, until the context ends."""
        link = cls(port)
        listener = await asyncio.start_server(link._accept, "127.0.0.1", 0)
        link.port = listener.sockets[0].getsockname()[1]
        try:
            yield link
        finally:
            listener.close()
            for task in link._tasks:
                task.cancel()
            await asyncio.gather(*link._tasks, return_exceptions=True)

    def cut(self) -> None:
        self._whole.clear()

    def mend(self) -> None:
        self._whole.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._whole.wait()
            there = await asyncio.open_connection("127.0.0.1", self._to)
        except (OSError, asyncio.CancelledError):
            writer.transport.abort()
            return
        for ends in ((reader, there[1]), (there[0], writer)):
            task = asyncio.create_task(self._pass(*ends))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on one way of a connection; its end here ends it there, and so the other way too."""
        with suppress(OSError, asyncio.CancelledError):
            while data := await reader.read(65_536):
                await self._whole.wait()
                writer.write(data)
                await writer.drain()
        writer.transport.abort()
