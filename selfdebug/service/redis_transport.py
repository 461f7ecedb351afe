"""Celery's transport over Redis, with one client for each pool of connections.

Kombu's own makes a client for each command, which costs more than the command: a table of a hundred and seventy
callbacks is built each time. And kombu closes a connection that was lost twice; a channel that holds messages then
looks for the address that the first time has taken away, and the worker that it belongs to dies of that.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis
from kombu.transport.redis import Channel as RedisChannel
from kombu.transport.redis import Transport as RedisTransport

SCHEMES = ("redis://", "rediss://")
NAME = f"{__name__}:Transport"


class Channel(RedisChannel):
    """A channel whose commands share a client; it takes a connection from the pool for each."""

    _shared: "redis.Redis | None" = None

    @contextmanager
    def conn_or_acquire(self, client: Any = None) -> Iterator[Any]:
        """The client that is given, else the shared one of the pool; a channel that lost its pool makes another.

        Raises:
            redis.ConnectionError: The connection has been closed.
        """
        if client:
            yield client
            return
        if self.connection is None or self.connection.client is None:
            raise redis.ConnectionError("the connection has been closed")
        shared = self._shared
        if shared is None or shared.connection_pool is not self.pool:
            shared = self._shared = self._create_client()  # type: ignore[no-untyped-call]
        yield shared


class Transport(RedisTransport):
    """Kombu's, with that channel."""

    Channel = Channel
