"""A generator on this machine: transformers' model code, driven by a batching loop of our own.

Importing this module loads neither torch nor transformers; the first request does, or `load`.
"""

import asyncio
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from selfdebug.context import Fitted, Messages, fit
from selfdebug.errors import GenerationError, ModelUnavailable
from selfdebug.generator import Completion, GenerationRequest
from selfdebug.generators.cancelled import CutOff

if TYPE_CHECKING:
    from selfdebug.generators.batching import BatchQueue, BatchStats, Job
    from selfdebug.generators.loading import LoadedModel

MAX_BATCH = 32


@dataclass(frozen=True)
class _Engine:
    loaded: "LoadedModel"
    queue: "BatchQueue"


class TransformersGenerator:
    """One local model, and one batch that all concurrent requests share.

    What is reproducible: each sample draws its chances from a stream of its own, made from the request's seed and the
    sample's index alone, and greedy decoding draws none. What is not: floating-point sums depend on the shape of the
    batch, so that two tokens of almost the same likelihood may change places with who else is being answered. In
    float32 that is very rare, in bfloat16 it happens about once in some hundred tokens. They depend on what was read
    before, too, as long as sequences are kept. The same requests on the same machine, each alone, in the same order,
    give the same replies; without kept sequences in any order.

    The model's own generation defaults (repetition penalty, top-k) are not used: `Sampling` says all there is.

    Args:
        path: A local folder in Hugging Face's format.
        name: How completions name the model.
        max_batch: The most samples that are written at once.
        device: `cpu`, `cuda`, `cuda:1`; by default CUDA where there is one.
        dtype: `bfloat16`, `float32`, `float16`; by default bfloat16 where the device computes in it.
        max_context: The most tokens of prompt and answer together, where the model's own limit is too much.
        max_cache_bytes: What the keys and values of a batch may take. By default a quarter of the free memory on the
            CPU, where running out of it ends the process, and no bound elsewhere, where the batch is halved instead.
        max_kept_bytes: What the keys and values of sequences that are over may take, so that a conversation that goes
            on is not read anew. By default a sixteenth of the free memory; 0 keeps nothing.
        stop_ids: Tokens that end a turn; by default the model's own.
    """

    def __init__(
        self,
        path: Path,
        *,
        name: str,
        max_batch: int = MAX_BATCH,
        device: str | None = None,
        dtype: str | None = None,
        max_context: int | None = None,
        max_cache_bytes: int | None = None,
        max_kept_bytes: int | None = None,
        stop_ids: frozenset[int] | None = None,
    ) -> None:
        if max_batch < 1:
            raise ValueError(f"max_batch is {max_batch}; it must be at least 1")
        self.model = name
        self._path, self._max_batch = path, max_batch
        self._device, self._dtype, self._max_context, self._stop_ids = device, dtype, max_context, stop_ids
        self._max_cache_bytes, self._max_kept_bytes = max_cache_bytes, max_kept_bytes
        self._starting = threading.Lock()
        self._engine: Future[_Engine] | None = None
        self._closed = False
        self._encoding = threading.Lock()  # a fast tokenizer raises when two threads enter it

    @property
    def stats(self) -> "BatchStats | None":
        """What the batch has done so far; None before the model is loaded."""
        engine = self._engine
        if engine is None or not engine.done() or engine.exception() is not None:
            return None
        return engine.result().queue.stats

    async def load(self) -> None:
        """Load the model now rather than at the first request. Harmless when repeated.

        Raises:
            ModelUnavailable: There is no model in the folder that can be used here.
            GenerationError: The generator is closed.
        """
        await self._ready()

    async def generate(self, request: GenerationRequest) -> Completion:
        """Answer one request; see `Generator.generate`."""
        started = time.perf_counter()
        job: Job | None = None
        if request.n < 1 or request.sampling.max_new_tokens < 1:
            raise ValueError("a request must ask for at least one sample and one new token")
        try:
            async with asyncio.timeout(request.timeout_s) as deadline:
                engine = await self._ready()
                prompt, prefix, fitted = await asyncio.to_thread(self._prompt, engine.loaded, request)
                job = engine.queue.submit(prompt, request.sampling, request.n, prefix)
                try:
                    replies = await asyncio.wrap_future(job.future)
                finally:
                    job.future.cancel()  # at once, not when the loop next comes round
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise GenerationError(f"{self.model} gave no answer within {request.timeout_s:g} s") from error
        except asyncio.CancelledError:
            if job is None or not job.written:
                raise
            raise CutOff(len(job.prompt), job.written) from None
        return Completion(
            texts=tuple(reply.text for reply in replies),
            prompt_tokens=fitted.tokens + len(prefix),
            completion_tokens=sum(reply.tokens for reply in replies),
            seconds=time.perf_counter() - started,
            model=self.model,
            dropped_turns=fitted.dropped_turns,
            finish_reasons=tuple(reply.finish_reason for reply in replies),
        )

    async def close(self) -> None:
        """End the batch, fail what was not answered, and free the model. Harmless when repeated."""
        with self._starting:
            self._closed = True
            engine, self._engine = self._engine, None
        if engine is None:
            return
        try:
            running = await asyncio.shield(asyncio.wrap_future(engine))
        except ModelUnavailable:
            return
        await asyncio.to_thread(running.queue.close)

    async def _ready(self) -> _Engine:
        with self._starting:
            if self._closed:
                raise GenerationError("the generator is closed")
            failed = self._engine is not None and self._engine.done() and self._engine.exception() is not None
            if self._engine is None or failed:  # a model that was not there may be there now
                executor = ThreadPoolExecutor(1, thread_name_prefix="selfdebug-load")
                self._engine = executor.submit(self._open)
                executor.shutdown(wait=False)
            engine = self._engine
        # Shielded: one request that is cancelled must not cancel the load that others wait for.
        return await asyncio.shield(asyncio.wrap_future(engine))

    def _open(self) -> _Engine:
        try:
            from selfdebug.generators.batching import BatchQueue
            from selfdebug.generators.decoding import Decoder
            from selfdebug.generators.loading import free_memory_bytes, load_model
            from selfdebug.generators.replies import ReplyReader
        except ImportError as error:
            raise ModelUnavailable(
                f"local models need torch and transformers ({error}): `pip install 'selfdebug[local]'`"
            ) from error
        loaded = load_model(self._path, self._device, self._dtype)
        reader = ReplyReader(loaded.tokenizer, loaded.stop_ids if self._stop_ids is None else self._stop_ids)
        free, bound, kept = free_memory_bytes(loaded.model.device), self._max_cache_bytes, self._max_kept_bytes
        if bound is None and loaded.model.device.type == "cpu":
            bound = free // 4
        kept = free // 16 if kept is None else kept
        return _Engine(loaded, BatchQueue(Decoder(loaded.model, kept), reader, self._max_batch, bound))

    def _prompt(
        self, loaded: "LoadedModel", request: GenerationRequest
    ) -> tuple[tuple[int, ...], tuple[int, ...], Fitted]:
        """The token ids of prompt and prefix, and what of the conversation is left."""

        @cache
        def encode(messages: Messages) -> tuple[int, ...]:
            with self._encoding:
                return loaded.encode(messages)

        context = min(loaded.context, self._max_context or loaded.context)
        with self._encoding:
            prefix = loaded.encode_prefix(request.prefix)
        room = context - request.sampling.max_new_tokens - len(prefix)
        fitted = fit(request.messages, lambda messages: len(encode(messages)), room)
        return encode(fitted.messages), prefix, fitted
