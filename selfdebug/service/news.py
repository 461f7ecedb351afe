"""Wake-ups between processes, through Redis: which job has changed, which was cancelled, and who is at work.

Nothing is kept, and anything may be lost.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from redis.asyncio import Redis
from redis.exceptions import RedisError

from selfdebug.service import logs
from selfdebug.service.broker import CONNECTION

CHANGED, CANCELLED = "selfdebug:changed", "selfdebug:cancelled"

_ALIVE_S = 15
_WAITING = 10_000  # pieces of news that wait to be sent; more are lost
_log = logs.get(__name__)


class News:
    """Tells and hears. For one event loop.

    Attributes:
        connected: Whether news are heard at present.
    """

    def __init__(self, url: str, channel: str, heard: Callable[[str], None], *, lost: Callable[[], None]) -> None:
        self.redis: Redis = Redis.from_url(url, decode_responses=True, **CONNECTION)
        self.connected = False
        self._channel, self._heard, self._lost = channel, heard, lost
        self._out: asyncio.Queue[tuple[str, str]] = asyncio.Queue(_WAITING)

    @classmethod
    @asynccontextmanager
    async def open(
        cls, url: str, channel: str, heard: Callable[[str], None], *, lost: Callable[[], None] = lambda: None
    ) -> AsyncIterator["News"]:
        """News until the context ends.

        Args:
            channel: What this process wants to hear of; to hear of everything takes each process time.
            heard: Called with the job's id.
            lost: Called when news may have been missed.
        """
        news = cls(url, channel, heard, lost=lost)
        tasks = [asyncio.create_task(news._send()), asyncio.create_task(news._listen())]
        try:
            yield news
        finally:
            await _end(tasks)
            await news.redis.aclose()

    def tell(self, channel: str, job: str) -> None:
        """Tell all processes, soon."""
        with suppress(asyncio.QueueFull):
            self._out.put_nowait((channel, job))

    async def alive(self, queues: Sequence[str]) -> None:
        """Let it be known for a while that somebody serves these queues."""
        with suppress(RedisError, OSError):
            for queue in queues:
                await self.redis.set(f"selfdebug:alive:{queue}", 1, ex=_ALIVE_S)

    async def served(self, queue: str) -> bool:
        """Whether somebody serves this queue.

        Raises:
            RedisError: Redis cannot be reached.
        """
        return await self.redis.get(f"selfdebug:alive:{queue}") is not None

    async def _send(self) -> None:
        while True:
            news = {await self._out.get()}
            while not self._out.empty():
                news.add(self._out.get_nowait())
            try:
                async with self.redis.pipeline(transaction=False) as pipeline:
                    for channel, job in news:
                        pipeline.publish(channel, job)
                    await pipeline.execute()
            except (RedisError, OSError) as error:
                _log.debug("news could not be told", note=logs.clean(str(error)))

    async def _listen(self) -> None:
        while True:
            try:
                async with self.redis.pubsub() as pubsub:
                    await pubsub.subscribe(self._channel)
                    self.connected = True
                    self._lost()
                    while True:
                        message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=5.0)
                        if message is not None:
                            self._heard(message["data"])
            except (RedisError, OSError) as error:
                _log.debug("news cannot be heard", note=logs.clean(str(error)))
            finally:
                self.connected = False
                self._lost()
            await asyncio.sleep(1.0)


async def _end(tasks: Sequence["asyncio.Task[None]"]) -> None:
    """Cancel until they are done: the client of Redis may take a cancellation for a time-out, and go on."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=0.1)
