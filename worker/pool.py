"""Celery's pool of threads, made to take the next message as soon as one is done.

With Celery's own, a worker with as many messages as it may have notices that one is acknowledged only when its event
loop wakes up for something else, up to a second later.
"""

import os
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from celery.concurrency.base import apply_target
from celery.concurrency.thread import ApplyResult
from celery.concurrency.thread import TaskPool as Threads


class TaskPool(Threads):  # type: ignore[misc]  # Celery has no types
    """Threads that wake the worker's event loop at the end of each task."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._ear, self._mouth = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def register_with_event_loop(self, hub: Any) -> None:
        """Called each time that the worker has connected to the broker."""
        hub.add_reader(self._ear, self._listen)

    def on_apply(
        self,
        target: Callable[..., Any],
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
        callback: Callable[..., Any] | None = None,
        accept_callback: Callable[..., Any] | None = None,
        **_: Any,
    ) -> ApplyResult:
        done: Future[Any] = self.executor.submit(apply_target, target, args, kwargs, callback, accept_callback)
        done.add_done_callback(self._wake)
        return ApplyResult(done)

    def _wake(self, done: "Future[Any]") -> None:
        with suppress(BlockingIOError):  # then it is about to wake anyway
            os.write(self._mouth, b".")

    def _listen(self) -> None:
        with suppress(BlockingIOError):
            os.read(self._ear, 4096)
