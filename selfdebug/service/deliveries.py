"""Delivers the webhooks that the store says are due, in the server's own process, until it stops.

Several servers may do so at once: each takes hooks that the others have not. One that dies leaves its hooks to be
taken again, so a message may arrive twice, under the same id.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from selfdebug.service import logs, metrics
from selfdebug.service.records import Hook
from selfdebug.service.settings import Settings
from selfdebug.service.store import Store, StoreUnavailable
from selfdebug.service.webhooks import Attempt, Sender, Verdict, message, retry_in, signing_key

_AT_ONCE = 64
_LOOK_EVERY_S = 1.0
_AFTER_FAILURE_S = 5.0

_log = logs.get("selfdebug.webhooks")


@asynccontextmanager
async def delivering(store: Store, settings: Settings) -> AsyncIterator[None]:
    """Deliver due webhooks while this is open. What is under way when it closes is given back, for the next server.

    Raises:
        BadSecret: Messages can't be signed.
    """
    key = await asyncio.to_thread(signing_key, settings.webhook_secret.get_secret_value(), settings.state)
    sender = Sender(key, private=settings.webhooks_to_private_addresses)
    enough = asyncio.Event()
    work = asyncio.create_task(Deliveries(store, sender).run(enough), name="webhooks")
    try:
        yield
    finally:
        enough.set()
        await asyncio.gather(work, return_exceptions=True)
        await sender.close()


class Deliveries:
    """Takes due webhooks from the store and delivers them, many at once."""

    def __init__(self, store: Store, sender: Sender) -> None:
        self._store, self._sender = store, sender
        self._under_way: dict[asyncio.Task[None], Hook] = {}

    async def run(self, enough: asyncio.Event) -> None:
        """Deliver until it is enough. A store that can't be reached is asked again later."""
        while not enough.is_set():
            pause_s = await self._start_due()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(enough.wait(), pause_s)
        await self._give_back()

    async def _give_back(self) -> None:
        """Leave what is under way to whoever looks next. A store that is not there gives it to them later."""
        left = dict(self._under_way)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        for task, hook in left.items():
            if task.cancelled():
                with contextlib.suppress(StoreUnavailable):
                    await asyncio.to_thread(self._store.hook_failed, hook, "the server stopped", datetime.now(UTC))

    async def _start_due(self) -> float:
        """Begin what is due and has room, and give the seconds to wait before the next look."""
        room = _AT_ONCE - len(self._under_way)
        if not room:
            return _LOOK_EVERY_S / 10
        try:
            hooks = await asyncio.to_thread(self._store.due_hooks, room)
        except StoreUnavailable:
            metrics.failed("webhook")
            _log.warning("webhooks can't be looked up: the store is not there")
            return _AFTER_FAILURE_S
        for hook in hooks:
            task = asyncio.create_task(self._deliver(hook), name=f"webhook {hook.job}")
            self._under_way[task] = hook
            task.add_done_callback(self._under_way.pop)
        return _LOOK_EVERY_S if len(hooks) < room else 0.0

    async def _deliver(self, hook: Hook) -> None:
        with logs.about(job=hook.job):
            try:
                job = await asyncio.to_thread(self._store.job, hook.job)
                if job is None:
                    attempt = Attempt(Verdict.HOPELESS, "the job is gone")
                else:
                    attempt = await self._sender.send(hook.url, hook.job, message(job))
                await self._record(hook, attempt)
            except StoreUnavailable:  # what came of it is not known to the store, so it comes again
                metrics.failed("webhook")
                _log.warning("the outcome of a webhook can't be kept: the store is not there", attempts=hook.attempts)
            except Exception:  # of one webhook; the others must go on
                metrics.failed("webhook")
                _log.exception("a webhook could not be tried", attempts=hook.attempts)

    async def _record(self, hook: Hook, attempt: Attempt) -> None:
        if attempt.verdict is Verdict.DELIVERED:
            _log.info("webhook delivered", attempts=hook.attempts)
            await asyncio.to_thread(self._store.hook_done, hook)
            return
        wait_s = retry_in(hook.attempts) if attempt.verdict is Verdict.FAILED else None
        if wait_s is None:
            metrics.failed("webhook")
        _log.warning(
            "webhook given up" if wait_s is None else "webhook failed, to be tried again",
            attempts=hook.attempts,
            note=attempt.detail,
            seconds=wait_s,
        )
        following = None if wait_s is None else datetime.now(UTC) + timedelta(seconds=wait_s)
        await asyncio.to_thread(self._store.hook_failed, hook, attempt.detail, following)
