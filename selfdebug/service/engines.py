"""What steps are carried out with, opened once in a process: a generator for each model, and one sandbox.

All jobs of the process share them, so that their requests share batches. A job's boxes stay warm between its turns.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from sandbox.boxed import BoxedSandbox
from sandbox.errors import SandboxError
from sandbox.protocol import Executor
from sandbox.select import open_sandbox
from sandbox.types import Execution, Limits, Suite
from selfdebug.errors import GenerationError
from selfdebug.generator import Completion, GenerationRequest, Generator
from selfdebug.generators.select import open_generator
from selfdebug.service import logs, metrics, tracing
from selfdebug.service.settings import Settings

_SURE_S = 20.0  # a model or a sandbox that was there is not looked for again for so long
WARM_S = 60.0  # how long the boxes of a job wait for its next turn, here; it may come to another machine

_log = logs.get(__name__)


@dataclass(eq=False)
class _Model:
    """A generator, open or being opened, and the places that requests to it take."""

    generator: "asyncio.Task[Generator]"
    places: asyncio.Semaphore


@dataclass(eq=False)
class _Boxes:
    """A job's place in the sandbox."""

    stack: contextlib.AsyncExitStack
    executor: Executor
    users: int = 0
    closing: asyncio.TimerHandle | None = None
    ended: bool = False


class Engines:
    """Generators and the sandbox, each opened when it is first needed. For one event loop."""

    def __init__(self, settings: Settings, *, warm_s: float = WARM_S) -> None:
        self._settings, self._warm_s = settings, warm_s
        self._models: dict[str, _Model] = {}
        self._sandbox: BoxedSandbox | None = None
        self._sure: dict[str, float] = {}  # what was there, and when
        self._boxes: dict[str, _Boxes] = {}
        self._closings: set[asyncio.Task[None]] = set()

    async def generate(self, model: str, request: GenerationRequest, *, job: str = "") -> Completion:
        """Ask a model; wait for a place first where as many requests as may are under way.

        Raises:
            InputError: This can be no model's name.
            ModelUnavailable: The model cannot be loaded or reached.
            GenerationError: It gave no answer, or none within the settings' time.
        """
        model = model or self._settings.model
        opened = self._open(model)
        generator = await asyncio.shield(opened.generator)
        async with opened.places:
            try:
                with metrics.generation(), tracing.generation(model, request, job=job) as traced:
                    async with asyncio.timeout(self._settings.generation_s):
                        completion = await generator.generate(request)
                    traced.completed(completion)
                    return completion
            except TimeoutError:
                seconds = self._settings.generation_s
                raise GenerationError(f"the model {generator.model} gave no answer within {seconds:g} s") from None

    async def run(self, program: str, suite: Suite, limits: Limits) -> Execution:
        """Run a program that belongs to no job.

        Raises:
            SandboxError: The sandbox failed.
        """
        try:
            with metrics.execution():
                execution = await self.sandbox.run(program, suite, limits)
        except SandboxError:
            metrics.failed("sandbox")
            raise
        metrics.ran([execution])
        return execution

    async def check_model(self, model: str) -> None:
        """See that a model can be had here, without a pull and without loading it.

        Raises:
            InputError: This can be no model's name.
            ModelUnavailable: It is not installed, or a key is missing; the message says what to do.
        """
        opened = self._models.get(model)
        if self._is_sure(f"model {model}") or (opened and opened.generator.done()):
            return
        generator = await asyncio.to_thread(open_generator, model, pull=False)
        await generator.close()
        self._sure[f"model {model}"] = time.monotonic()

    async def check_sandbox(self) -> None:
        """See that boxes can be had here.

        Raises:
            SandboxError: They can't; the message says what to do.
        """
        if not self._is_sure("sandbox"):
            await self.sandbox.check()
            self._sure["sandbox"] = time.monotonic()

    def _is_sure(self, what: str) -> bool:
        return time.monotonic() < self._sure.get(what, float("-inf")) + _SURE_S

    @property
    def sandbox(self) -> BoxedSandbox:
        """The sandbox.

        Raises:
            SandboxUnavailable: There is no backend of the settings' name.
        """
        if self._sandbox is None:
            runtime = self._settings.runtime or None
            self._sandbox = open_sandbox(self._settings.sandbox, boxes=self._settings.boxes, runtime=runtime)
            metrics.watch_sandbox(self._sandbox.count)
        return self._sandbox

    @contextlib.asynccontextmanager
    async def executor(self, job: str) -> AsyncIterator[Executor]:
        """A job's own boxes, as warm as its last execution here has left them."""
        boxes = self._boxes.get(job)
        if boxes is None:
            stack = contextlib.AsyncExitStack()
            boxes = self._boxes[job] = _Boxes(stack, await stack.enter_async_context(self.sandbox.job()))
        boxes.users += 1
        if boxes.closing:
            boxes.closing.cancel()
        try:
            yield boxes.executor
        finally:
            boxes.users -= 1
            if not boxes.users:
                wait_s = 0.0 if boxes.ended else self._warm_s
                boxes.closing = asyncio.get_running_loop().call_later(wait_s, self._close_boxes, job, boxes)

    def ended(self, job: str) -> None:
        """The job is over: its boxes go as soon as nothing runs in them."""
        boxes = self._boxes.get(job)
        if boxes is None:
            return
        boxes.ended = True
        if not boxes.users:
            self._close_boxes(job, boxes)

    async def close(self) -> None:
        """End everything. Harmless when repeated."""
        for job, boxes in list(self._boxes.items()):
            self._close_boxes(job, boxes)
        await asyncio.gather(*self._closings)
        if self._sandbox is not None:
            await self._sandbox.close()
        models, self._models = self._models, {}
        for model in models.values():
            with contextlib.suppress(Exception, asyncio.CancelledError):  # it never opened; who asked was told why
                await (await model.generator).close()

    def _open(self, name: str) -> _Model:
        model = self._models.get(name)
        if model is None:
            opening = asyncio.create_task(asyncio.to_thread(open_generator, name))
            model = self._models[name] = _Model(opening, asyncio.Semaphore(self._settings.generations))
            opening.add_done_callback(lambda task: self._opened(name, task))
        return model

    def _opened(self, name: str, task: "asyncio.Task[Generator]") -> None:
        if not task.cancelled() and task.exception() is None:
            metrics.watch_generator(task.result(), name)
            _log.info("a model is open", model=name)
        else:
            self._models.pop(name, None)  # the next request tries again

    def _close_boxes(self, job: str, boxes: _Boxes) -> None:
        if boxes.closing:
            boxes.closing.cancel()
        if self._boxes.get(job) is boxes:
            del self._boxes[job]
        closing = asyncio.get_running_loop().create_task(boxes.stack.aclose())
        self._closings.add(closing)
        closing.add_done_callback(self._closings.discard)
