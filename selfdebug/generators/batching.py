"""The queue in front of a decoder: one thread in which all requests, whoever sent them, are written together.

Every step adds a token to each running sample. Samples that wait join before the next step, up to the batch limit;
one that is over, or whose request was cancelled, gives up its place at once. Nothing here knows asyncio or text.
"""

import logging
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import torch

from selfdebug.errors import GenerationError
from selfdebug.generator import Sampling
from selfdebug.generators.decoding import Decoder, Stream
from selfdebug.generators.replies import Reply, ReplyReader
from selfdebug.generators.sampling import chances

RECOVERY_STEPS = 256  # steps without trouble after which a batch limit cut by lack of memory doubles again

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class Job:
    """One request in the queue: its prompt's token ids, of which the last are the replies' prefix, and the replies."""

    prompt: tuple[int, ...]
    sampling: Sampling
    n: int
    prefix: tuple[int, ...] = ()
    future: "Future[tuple[Reply, ...]]" = field(default_factory=Future)
    replies: dict[int, Reply] = field(default_factory=dict)
    samples: "list[Sample]" = field(default_factory=list)

    @property
    def written(self) -> int:
        """Tokens so far; 0 too where the prompt has not been read."""
        return sum(len(sample.added) for sample in self.samples)


@dataclass(eq=False, kw_only=True)
class Sample(Stream):
    """One of a job's samples."""

    job: Job
    index: int


@dataclass(frozen=True)
class BatchStats:
    """What the queue has done so far.

    Attributes:
        steps: Forwards that added tokens.
        tokens: Tokens added, so that `tokens / steps` is the mean batch.
        peak: The most samples in one step.
        limit: The most samples a step may have at present.
        out_of_memory: How often the limit was halved.
        read: Tokens of prompts that the model has read.
        shared: Tokens of prompts that it had read before, for others.
    """

    steps: int = 0
    tokens: int = 0
    peak: int = 0
    limit: int = 0
    out_of_memory: int = 0
    read: int = 0
    shared: int = 0


class BatchQueue:
    """Owns a decoder and the thread that drives it. All methods may be called from any thread.

    Args:
        max_batch: The most samples that are written at once.
        max_cache_bytes: Samples wait where their keys and values might come to take more than this together; one
            alone never waits. None where the device itself says when its memory ends.
    """

    def __init__(
        self, decoder: Decoder[Sample], reader: ReplyReader, max_batch: int, max_cache_bytes: int | None = None
    ) -> None:
        self._decoder, self._reader = decoder, reader
        self._max_columns = None if max_cache_bytes is None else max_cache_bytes // decoder.bytes_per_token
        self._max_batch = self._limit = max_batch
        self._arrived = threading.Condition()
        self._inbox: list[Job] = []  # guarded by `_arrived`, as is `_closed`; all below belongs to the thread
        self._closed = False
        self._waiting: deque[Sample] = deque()
        self._running: list[Sample] = []
        self._steps = self._tokens = self._peak = self._shortages = self._calm_steps = 0
        self._thread = threading.Thread(target=self._run, name="selfdebug-generator", daemon=True)
        self._thread.start()

    @property
    def stats(self) -> BatchStats:
        counts = self._steps, self._tokens, self._peak, self._limit, self._shortages
        return BatchStats(*counts, self._decoder.read_tokens, self._decoder.shared_tokens)

    def submit(self, prompt: Sequence[int], sampling: Sampling, n: int, prefix: Sequence[int] = ()) -> Job:
        """Queue a request. Cancelling its future gives its places up before the next step.

        Args:
            prompt: Token ids.
            prefix: Token ids that follow the prompt and belong to each reply.

        Raises:
            GenerationError: The queue is closed. The future itself raises nothing else.
        """
        job = Job((*prompt, *prefix), sampling, n, tuple(prefix))
        with self._arrived:
            if self._closed:
                raise GenerationError("the generator is closed")
            self._inbox.append(job)
            self._arrived.notify()
        return job

    def close(self) -> None:
        """End the thread after its present step, and fail what was not answered. Harmless when repeated."""
        with self._arrived:
            self._closed = True
            self._arrived.notify()
        self._thread.join()

    def _run(self) -> None:
        try:
            with torch.inference_mode():  # it belongs to a thread, so the thread itself has to enter it
                while self._receive():
                    self._turn()
        finally:
            with self._arrived:
                self._closed = True  # whatever ended the thread, nobody may wait for it
            self._fail_all("the generator was closed")

    def _receive(self) -> bool:
        """Take what has arrived, waiting if there is nothing else to do. False when closed."""
        with self._arrived:
            while not (self._inbox or self._waiting or self._running or self._closed):
                self._arrived.wait()
            jobs, self._inbox = self._inbox, []
        for job in jobs:
            job.samples = _samples(job)
            self._waiting.extend(job.samples)
        return not self._closed

    def _turn(self) -> None:
        error: Exception | None = None
        try:
            self._advance()
        except Exception as caught:  # the thread's outermost edge: whatever it was, nobody may wait for ever
            error = caught
        if error is None:
            return
        # Its frames hold the tensors of the forward that failed; they must be gone before the next one.
        error.__traceback__, message = None, f"{type(error).__name__}: {error}"
        if _is_out_of_memory(error):
            self._retry_smaller(error)
            return
        logger.error("the model failed on a batch of %d: %s", len(self._running), message)
        self._fail_all(f"the model failed: {message}", error)

    def _advance(self) -> None:
        """Let go, let in, and add one token to all."""
        for sample in [sample for sample in self._running if sample.job.future.cancelled()]:
            self._release(sample)
        self._admit()
        if not self._running:
            return
        self._decoder.step()
        self._count(len(self._running))
        for sample in list(self._running):
            if self._is_over(sample):
                self._finish(sample)
                self._release(sample)

    def _admit(self) -> None:
        joining: list[Sample] = []
        while self._waiting and len(self._running) < self._limit:
            if self._waiting[0].job.future.cancelled():
                self._waiting.popleft()
            elif self._fits(self._waiting[0]):
                joining.append(self._waiting.popleft())
                self._running.append(joining[-1])  # before its prompt is read: a failure must find it
            else:
                break  # first come, first served: what is long must not wait for ever
        if joining:
            self._decoder.admit(joining)

    def _fits(self, sample: Sample) -> bool:
        """Whether the cache stays in its bounds with this one. All slots are as long as the longest."""
        if self._max_columns is None or not self._running:
            return True
        longest = max(len(one.prompt) + one.job.sampling.max_new_tokens for one in (*self._running, sample))
        return (len(self._running) + 1) * longest <= self._max_columns

    def _is_over(self, sample: Sample) -> bool:
        sampling = sample.job.sampling
        over = self._reader.ended(sample.added, sampling, sample.job.prefix)
        return over or len(sample.added) >= sampling.max_new_tokens

    def _release(self, sample: Sample) -> None:
        self._running.remove(sample)
        self._decoder.remove(sample)

    def _finish(self, sample: Sample) -> None:
        job = sample.job
        job.replies[sample.index] = self._reader.reply(sample.added, job.sampling, job.prefix)
        if len(job.replies) == job.n and job.future.set_running_or_notify_cancel():
            job.future.set_result(tuple(job.replies[index] for index in range(job.n)))

    def _count(self, rows: int) -> None:
        self._steps += 1
        self._tokens += rows
        self._peak = max(self._peak, rows)
        self._calm_steps += 1
        if self._calm_steps >= RECOVERY_STEPS and self._limit < self._max_batch:
            self._limit, self._calm_steps = min(self._max_batch, 2 * self._limit), 0

    def _retry_smaller(self, error: Exception) -> None:
        """Put everything back in the queue, in order and with the tokens it has, for half as many at once."""
        running, self._running = self._running, []
        self._decoder.clear()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        self._shortages += 1
        self._calm_steps = 0
        self._limit = max(1, len(running) // 2)
        self._waiting.extendleft(reversed(running))
        if len(running) != 1:
            logger.warning("out of memory with %d samples at once; trying %d", len(running), self._limit)
            return
        # It was the sequence, not the batch: the others need not be few because of it.
        self._limit = self._max_batch
        job = running[0].job
        size = len(running[0].prompt) + len(running[0].added)
        self._waiting = deque(sample for sample in self._waiting if sample.job is not job)
        _fail(job, _caused(f"out of memory: a sequence of {size} tokens does not fit even alone", error))

    def _fail_all(self, message: str, cause: Exception | None = None) -> None:
        with self._arrived:
            jobs, self._inbox = self._inbox, []
        jobs += [sample.job for sample in (*self._running, *self._waiting)]
        self._running, self._waiting = [], deque()
        for job in dict.fromkeys(jobs):
            _fail(job, _caused(message, cause))
        self._decoder.clear()


def _samples(job: Job) -> list[Sample]:
    sampling = job.sampling
    drawn = sampling.temperature > 0
    return [
        Sample(
            prompt=job.prompt,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            chances=chances(sampling.seed, index, sampling.max_new_tokens) if drawn else (),
            job=job,
            index=index,
        )
        for index in range(job.n)
    ]


def _fail(job: Job, error: GenerationError) -> None:
    if job.future.set_running_or_notify_cancel():
        job.future.set_exception(error)


def _caused(message: str, cause: Exception | None) -> GenerationError:
    error = GenerationError(message)
    error.__cause__ = cause
    return error


def _is_out_of_memory(error: Exception) -> bool:
    """Whether an allocation failed. CPU allocators, and some CUDA libraries, say so only in a RuntimeError's text."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(
        sign in text for sign in ("out of memory", "can't allocate memory", "not enough memory", "alloc_failed")
    )
