"""Runs of programs that belong to no job: asked for and answered through Redis, and lost with it."""

import asyncio

from redis.exceptions import RedisError

from sandbox.errors import SandboxError
from selfdebug.service import logs, runs
from selfdebug.service.engines import Engines
from selfdebug.service.news import CHANGED, News

_log = logs.get(__name__)


class Runs:
    """The runs at work in this process. For one event loop."""

    def __init__(self, news: News, engines: Engines) -> None:
        self._news, self._engines = news, engines
        self._running: dict[str, asyncio.Task[None]] = {}

    async def run(self, name: str) -> None:
        """Run one, and answer. One whose client has gone is not run."""
        task = self._running[name] = asyncio.create_task(self._run(name))
        try:
            await asyncio.wait({task})
        finally:
            del self._running[name]
        if not task.cancelled() and (error := task.exception()):
            _log.warning("a run could not be answered", exc_info=error)

    def cancelled(self, name: str) -> None:
        """The client has gone."""
        if task := self._running.get(name):
            task.cancel()

    def stop(self) -> None:
        """This process is to end."""
        for task in self._running.values():
            task.cancel()

    async def _run(self, name: str) -> None:
        text = await self._news.redis.get(runs.request_key(name))
        if text is None:
            return
        run = runs.parse_request(str(text))
        try:
            outcome = runs.answer(await self._engines.run(run.program, run.suite, run.limits))
        except SandboxError as error:
            outcome = runs.answer(str(error))
        await self._answer(name, outcome)

    async def _answer(self, name: str, text: str) -> None:
        try:
            await self._news.redis.set(runs.answer_key(name), text, ex=runs.KEPT_S)
        except (RedisError, OSError) as error:
            _log.warning("a run could not be answered", exc_info=error)
        self._news.tell(CHANGED, name)
