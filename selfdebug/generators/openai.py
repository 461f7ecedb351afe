"""A generator that speaks to any OpenAI-compatible server: vLLM, llama.cpp, Ollama, TGI, transformers, a vendor.

Answers are streamed. A stop string cannot express "after the fence that closes the first code block", because the same
characters open a block; so the reply is watched as it comes, and the stream is closed when the block is complete. That
saves the tokens of the explanation that most models add, and notices a dead connection early. Its price: of a closed
stream the token counts are estimates (`Completion.estimated`), because servers tell them at the end.
"""

import asyncio
import hashlib
import logging
import os
import random
import time
from dataclasses import dataclass
from typing import Any, cast

import openai
import tenacity
from openai.types.chat import ChatCompletionChunk

from selfdebug.context import fit
from selfdebug.errors import GenerationError, InputError, ModelUnavailable
from selfdebug.generator import Completion, GenerationRequest, Message, Sampling
from selfdebug.generators import openai_stream
from selfdebug.generators.cancelled import CutOff
from selfdebug.generators.openai_failures import FAILURES, TooLong, Transient, meaning, unsupported_fields
from selfdebug.generators.openai_stream import CHARS_PER_TOKEN, Answer

_log = logging.getLogger(__name__)

_DEFAULT_BASE_URL = "https://api.openai.com/v1"
_CONNECT_S = 10.0
_PATIENCE_S = 300.0  # the longest pause before a retry where the request has no time-out of its own
_OPTIONAL = frozenset({"n", "top_p", "seed", "temperature", "stream_options", "max_tokens"})

_Messages = tuple[Message, ...]


@dataclass(frozen=True)
class _Question:
    """One HTTP request, however often it is tried.

    Attributes:
        begun: Where each answer is put that a server begins to give.
    """

    messages: _Messages
    sampling: Sampling
    n: int
    seed: int
    begun: list[Answer]


class OpenAIGenerator:
    """Chat completions from an OpenAI-compatible server.

    Retries on 408, 409, 429, 5xx, a lost connection and broken answers, with jittered exponential back-off, or after
    the pause that the server asks for. Fields that a server says it does not support are left out from then on.

    Args:
        model: The server's name for the model.
        base_url: By default `OPENAI_BASE_URL`, else OpenAI's own server.
        api_key: By default `OPENAI_API_KEY`; only OpenAI's own server insists on one.
        max_tries: Tries for one HTTP request before giving up.
        backoff_s: The pause before the first retry; it doubles each time, up to `max_backoff_s`.
        silence_s: The longest wait for the next piece of an answer.

    Raises:
        InputError: The model's name is empty, or the address is none.
        ModelUnavailable: A key is needed.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        max_tries: int = 6,
        backoff_s: float = 0.5,
        max_backoff_s: float = 20.0,
        silence_s: float = 600.0,
    ) -> None:
        self.model = model
        self._address = (base_url or os.environ.get("OPENAI_BASE_URL", "").strip() or _DEFAULT_BASE_URL).rstrip("/")
        key = (api_key or os.environ.get("OPENAI_API_KEY", "")).strip()
        if not model.strip():
            raise InputError("--model", "", "openai: needs the name of a model after the colon, as in openai:NAME")
        if not self._address.startswith(("http://", "https://")):
            raise InputError("OPENAI_BASE_URL", "", f"{self._address!r} is no address; http(s)://… was expected")
        if not key.isascii():
            raise InputError("OPENAI_API_KEY", "", "a key has only ASCII characters")
        if not key and self._address == _DEFAULT_BASE_URL:
            raise ModelUnavailable(
                "openai: needs OPENAI_API_KEY, or OPENAI_BASE_URL with the address of another compatible server "
                "(such as http://localhost:8000/v1)"
            )
        self._client = openai.AsyncOpenAI(
            api_key=key or "none",
            base_url=self._address,
            max_retries=0,
            timeout=openai.Timeout(silence_s, connect=_CONNECT_S),
        )
        self._max_tries, self._backoff_s, self._max_backoff_s = max_tries, backoff_s, max_backoff_s
        self._unsupported: set[str] = set()
        self._reached = False
        self._prompt_chars_per_token = CHARS_PER_TOKEN

    async def generate(self, request: GenerationRequest) -> Completion:
        """Answer one request; see `Generator.generate`. Cancelling closes the connection."""
        started = time.monotonic()
        begun: list[Answer] = []
        try:
            async with asyncio.timeout(request.timeout_s):
                return await self._generate(request, started, begun)
        except TimeoutError:
            raise GenerationError(f"{self._address} gave no answer within {request.timeout_s:g} s") from None
        except asyncio.CancelledError:
            written = sum(answer.estimated_tokens for answer in begun)
            if not written:
                raise
            raise CutOff(self._prompt_tokens(request.messages), written) from None

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()

    async def _generate(self, request: GenerationRequest, started: float, begun: list[Answer]) -> Completion:
        """Answer one request; all that any server begins to say is added to `begun`."""
        deadline = None if request.timeout_s is None else started + request.timeout_s
        messages, dropped = request.messages, list[int]()
        answers: list[Answer] = []
        asked = 0
        while (missing := request.n - sum(len(answer.replies) for answer in answers)) > 0:
            counts = [missing] if "n" not in self._unsupported else [1] * missing
            seeds = [_seed(request.sampling.seed, asked + i) for i in range(len(counts))]
            calls = [
                self._patiently(_Question(messages, request.sampling, count, seed, begun), deadline)
                for count, seed in zip(counts, seeds, strict=True)
            ]
            try:
                answers += await _all(calls)
            except TooLong as error:
                messages, turn = _without_oldest_turn(messages, error)
                dropped.append(turn)
                continue
            asked += len(counts)
            if counts[0] > 1 and len(answers[-1].replies) == 1:
                self._unsupported.add("n")  # the server takes it and ignores it: ask side by side from now on
        return self._completion(request, messages, answers, tuple(dropped), time.monotonic() - started)

    def _completion(
        self,
        request: GenerationRequest,
        messages: _Messages,
        answers: list[Answer],
        dropped_turns: tuple[int, ...],
        seconds: float,
    ) -> Completion:
        replies = [reply for answer in answers for reply in answer.replies.values()][: request.n]
        trimmed = [reply.trimmed(request.sampling.stop_after_code) for reply in replies]
        told = [answer.prompt_tokens for answer in answers if answer.prompt_tokens is not None]
        if told:
            self._prompt_chars_per_token = max(_chars(messages), 1) / max(told[0], 1)
        return Completion(
            texts=tuple(text for text, _ in trimmed),
            prompt_tokens=told[0] if told else self._prompt_tokens(messages),
            completion_tokens=sum(
                answer.estimated_tokens if answer.completion_tokens is None else answer.completion_tokens
                for answer in answers
            ),
            seconds=seconds,
            model=self.model,
            dropped_turns=dropped_turns,
            finish_reasons=tuple(reason for _, reason in trimmed),
            estimated=not told or any(answer.completion_tokens is None for answer in answers),
        )

    def _prompt_tokens(self, messages: _Messages) -> int:
        """An estimate."""
        return max(1, round(_chars(messages) / self._prompt_chars_per_token))

    async def _patiently(self, question: _Question, deadline: float | None) -> Answer:
        """Ask with retries."""

        def stop(state: tenacity.RetryCallState) -> bool:
            left = _PATIENCE_S if deadline is None else deadline - time.monotonic()
            return state.attempt_number >= self._max_tries or state.upcoming_sleep > left

        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type(Transient), wait=self._pause, stop=stop, reraise=True
        )
        try:
            return await retrying(self._ask, question)
        except Transient as error:
            if not self._reached:
                raise ModelUnavailable(f"no server answers at {self._address}: {error}; is it running?") from error
            tries = retrying.statistics.get("attempt_number", 1)
            asks = f", which asks to wait {error.retry_after_s:.0f} s" if error.retry_after_s else ""
            raise GenerationError(f"gave up on {self._address}{asks}, after {tries} tries: {error}") from error

    def _pause(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        longest = min(self._max_backoff_s, self._backoff_s * 2.0 ** (state.attempt_number - 1))
        jittered = longest * random.uniform(0.5, 1.0)
        if isinstance(error, Transient) and error.retry_after_s is not None:
            return error.retry_after_s + jittered * 0.1  # never earlier; not all clients at once
        return jittered

    async def _ask(self, question: _Question) -> Answer:
        """Ask once; ask again at once where the server only objects to a field that can be left out."""
        while True:
            fields = self._fields(question.sampling, question.n, question.seed)
            try:
                return await self._request(question, fields)
            except FAILURES as error:
                means = meaning(error)
                if isinstance(error, openai.APIStatusError):
                    self._reached = True
                    unsupported = unsupported_fields(error, _OPTIONAL & fields.keys())
                    if unsupported and not isinstance(means, TooLong):
                        _log.warning("%s does not support %s; left out", self._address, ", ".join(sorted(unsupported)))
                        self._unsupported |= unsupported
                        continue
                raise means from error

    async def _request(self, question: _Question, fields: dict[str, Any]) -> Answer:
        created = await self._client.chat.completions.create(
            model=self.model,
            messages=cast(Any, [{"role": message.role, "content": message.content} for message in question.messages]),
            stream=True,
            **fields,
        )
        self._reached = True
        async with cast("openai.AsyncStream[ChatCompletionChunk]", created) as stream:
            question.begun.append(answer := Answer())
            return await openai_stream.read(stream, answer, fields.get("n", 1), question.sampling.stop_after_code)

    def _fields(self, sampling: Sampling, n: int, seed: int) -> dict[str, Any]:
        """The request's fields beside model and messages, as far as the server is known to take them."""
        fields: dict[str, Any] = {
            "max_tokens": sampling.max_new_tokens,
            "temperature": sampling.temperature,
            "stream_options": {"include_usage": True},
        }
        if sampling.temperature > 0:
            fields |= {"top_p": sampling.top_p, "seed": seed}
        if n > 1:
            fields["n"] = n
        if "max_tokens" in self._unsupported:  # a vendor's newer models know it by another name
            fields["max_completion_tokens"] = sampling.max_new_tokens
        return {name: value for name, value in fields.items() if name not in self._unsupported}


def _chars(messages: _Messages) -> int:
    return sum(len(message.content) for message in messages)


def _seed(seed: int, asked: int) -> int:
    """The seed of the request number `asked` for one sample set: the given one, then others far from it."""
    if asked == 0:
        return seed % 2**31
    return int.from_bytes(hashlib.sha256(f"{seed}/{asked}".encode()).digest()[:4], "big") >> 1


def _without_oldest_turn(messages: _Messages, error: TooLong) -> tuple[_Messages, int]:
    def turns(some: _Messages) -> int:
        return len({message.turn for message in some})

    try:
        fitted = fit(messages, turns, turns(messages) - 1)
    except GenerationError:
        raise GenerationError(f"the problem and the newest turn alone are too long for the model: {error}") from error
    return fitted.messages, fitted.dropped_turns[0]


async def _all(calls: list[Any]) -> list[Answer]:
    """Run them side by side; the first failure cancels the others."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]
