"""A bounded number of places to work at, and who gets the next one that is free."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

_IN_A_ROW = 8

_Who = TypeVar("_Who")


@dataclass(frozen=True)
class _Waiting(Generic[_Who]):
    who: _Who
    turn: "asyncio.Future[None]"


class Places(Generic[_Who]):
    """A semaphore that prefers some: of those who wait, one of the lowest rank is next, and of these the first.

    So that nobody waits for ever, after so many that went before another it is the turn of whoever has waited longest.
    For one event loop.

    Args:
        rank: Asked anew each time that a place is free.
    """

    def __init__(self, number: int, rank: Callable[[_Who], int]) -> None:
        self._free, self._rank = number, rank
        self._line: list[_Waiting[_Who]] = []
        self._row = 0

    @contextlib.asynccontextmanager
    async def place(self, who: _Who) -> AsyncIterator[None]:
        """Wait for a place, and have it until the context ends."""
        await self._enter(who)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, who: _Who) -> None:
        if self._free:
            self._free -= 1
            return
        waiting = _Waiting(who, asyncio.get_running_loop().create_future())
        self._line.append(waiting)
        try:
            await waiting.turn
        except asyncio.CancelledError:
            if waiting in self._line:
                self._line.remove(waiting)
            elif not waiting.turn.cancelled():  # its turn had come
                self._leave()
            raise

    def _leave(self) -> None:
        self._line = [waiting for waiting in self._line if not waiting.turn.done()]
        if not self._line:
            self._free += 1
            return
        ranks = [self._rank(waiting.who) for waiting in self._line]
        chosen = 0 if self._row >= _IN_A_ROW else ranks.index(min(ranks))
        self._row = self._row + 1 if chosen else 0
        self._line.pop(chosen).turn.set_result(None)
