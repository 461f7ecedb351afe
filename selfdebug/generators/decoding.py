"""One step at a time through a causal language model, for a batch whose members come and go. Knows no queue."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import torch

from selfdebug.generators.kept import Kept, KeptSequences, common
from selfdebug.generators.sampling import Draw, next_tokens
from selfdebug.generators.slots import SlotCache

if TYPE_CHECKING:
    from transformers import PreTrainedModel

PREFILL_TOKENS = 4096  # tokens read in one forward, padding included: bounds the memory of its activations
PREFILL_WASTE = 0.1  # share of padding up to which prompts are read together
MIN_SHARED = 16  # tokens from which on a common beginning is copied instead of read again


@dataclass(eq=False)
class Stream:
    """One sequence that is being written: a prompt and what has been added to it.

    Attributes:
        prompt: Token ids, at least one.
        added: Token ids so far.
        temperature, top_p: See `Sampling`; temperature 0 is greedy.
        chances: A uniform number for each token to come; empty when greedy.
    """

    prompt: tuple[int, ...]
    temperature: float = 0.0
    top_p: float = 1.0
    chances: Sequence[float] = ()
    added: list[int] = field(default_factory=list)

    def draw(self) -> Draw | None:
        """How the next token is drawn."""
        if self.temperature <= 0:
            return None
        return Draw(self.temperature, self.top_p, self.chances[len(self.added)])

    @property
    def last(self) -> int:
        return self.added[-1] if self.added else self.prompt[-1]

    def read(self) -> tuple[int, ...]:
        """What the model must have read before the next step: all but the last token, which is the step's input."""
        return (*self.prompt, *self.added)[:-1]


S = TypeVar("S", bound=Stream)


@dataclass(frozen=True)
class _Begun(Generic[S]):
    """A new stream, and how much of its prompt was read before, for whom."""

    stream: S
    tokens: tuple[int, ...]
    shared: int
    source: int | Kept | None

    @property
    def unread(self) -> int:
        return len(self.tokens) - self.shared


class Decoder(Generic[S]):
    """A model, and the streams that it writes at the moment.

    A forward that fails leaves the streams as they were; `clear` and `admit` then read them anew. Prompts are read
    without their last token. That one is the input of the first step, so that the vocabulary's projection, the
    largest single matrix, is never applied to a prompt. A beginning that a stream has in common with another one, at
    work or over but kept, is copied from it.

    Args:
        max_kept_bytes: What is kept of streams that are over may take so much memory; 0 keeps nothing.

    Attributes:
        read_tokens: Of prompts, those that were read so far.
        shared_tokens: Of prompts, those that were copied so far.
    """

    def __init__(self, model: "PreTrainedModel", max_kept_bytes: int = 0) -> None:
        self._model = model
        self._layers: int = model.config.get_text_config().num_hidden_layers
        self._device = model.device
        self._dtype = model.dtype
        self._cache = SlotCache(self._layers)
        self._kept = KeptSequences(max_kept_bytes // self.bytes_per_token)
        self.streams: list[S] = []
        self.read_tokens = self.shared_tokens = 0

    @property
    def bytes_per_token(self) -> int:
        """Memory of one column of one slot, all layers together."""
        config: Any = self._model.config.get_text_config()
        heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
        width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        return int(2 * self._layers * heads * width * self._dtype.itemsize)

    def admit(self, streams: Sequence[S]) -> None:
        """Read the prompts of new streams and add them to the batch. What any stream has read is not read again."""
        waiting = sorted(((stream, stream.read()) for stream in streams), key=lambda each: len(each[1]))
        while waiting:
            reading: list[_Begun[S]] = []
            later = []
            for stream, tokens in waiting:
                begun = _Begun(stream, tokens, *self._source(tokens))
                soon = max((common(tokens, other.tokens) for other in reading), default=0)
                if soon - begun.shared >= max(1, min(MIN_SHARED, len(tokens))):
                    later.append((stream, tokens))  # it shares more with what is about to be read
                else:
                    reading.append(begun)
            for group in _groups(sorted(reading, key=lambda begun: begun.unread)):
                self._read(group)
                self.streams += [begun.stream for begun in group]
            waiting = later

    def _source(self, tokens: tuple[int, ...]) -> "tuple[int, int | Kept | None]":
        """How many of these tokens have been read, and for whom: the slot of a stream, or one that is kept."""
        slots = ((common(tokens, stream.read()), slot) for slot, stream in enumerate(self.streams))
        length, slot = max(slots, default=(0, None))
        kept_length, kept = self._kept.longest(tokens)
        if max(length, kept_length) < min(MIN_SHARED, len(tokens)):
            return 0, None
        return (kept_length, kept) if kept_length > length else (length, slot)

    def step(self) -> list[int]:
        """Add one token to every stream; returns them in the order of `streams`."""
        lengths = [len(stream.prompt) + len(stream.added) for stream in self.streams]
        width = max(lengths)
        columns = self._tensor([[length - 1] for length in lengths])
        self._cache.plan_tokens(0, columns, width)
        output = cast(Any, self._model)(
            input_ids=self._tensor([[stream.last] for stream in self.streams]),
            attention_mask=self._mask(columns, width),
            position_ids=columns,
            past_key_values=self._cache,
            use_cache=True,
        )
        tokens = next_tokens(output.logits[:, -1], [stream.draw() for stream in self.streams])
        for stream, token in zip(self.streams, tokens, strict=True):
            stream.added.append(token)
        return tokens

    def remove(self, stream: S) -> None:
        """Free a stream's slot; what was read for it is kept, as far as there is room."""
        slot = self.streams.index(stream)
        read = stream.read()
        if len(read) >= MIN_SHARED and self._kept.takes(read):
            self._kept.add(Kept(read, self._cache.take(slot, len(read))))
        last = self.streams.pop()
        if last is not stream:
            self.streams[slot] = last
            self._cache.copy(len(self.streams), slot, len(last.read()))
        if not self.streams:
            self._cache = SlotCache(self._layers)

    def clear(self) -> None:
        """Forget all streams and free their memory."""
        self.streams = []
        self._kept.clear()
        self._cache = SlotCache(self._layers)

    def _read(self, group: "Sequence[_Begun[S]]") -> None:
        """Store prompts in new slots, those with the least to be read first.

        What has been read is copied, the rest read at once, padded on the right, where a causal model never looks.
        """
        first, longest = len(self.streams), group[-1].unread
        for slot, begun in enumerate(group, first):
            if isinstance(begun.source, Kept):
                self._cache.put(begun.source.states, slot, begun.shared)
            elif begun.source is not None:
                self._cache.copy(begun.source, slot, begun.shared)
        if longest:
            columns = self._tensor([[begun.shared] for begun in group]) + torch.arange(longest, device=self._device)
            width = max(begun.shared for begun in group) + longest
            whole = width == longest
            if whole:
                self._cache.plan_prompts(first, len(group), width)
            else:
                self._cache.plan_tokens(first, columns, width)
            unread = [begun.tokens[begun.shared :] for begun in group]
            self._model.base_model(
                input_ids=self._tensor([[*tokens, *[0] * (longest - len(tokens))] for tokens in unread]),
                attention_mask=None if whole else self._mask(columns, width),
                position_ids=columns,
                past_key_values=self._cache,
                use_cache=True,
            )
        self.read_tokens += sum(begun.unread for begun in group)
        self.shared_tokens += sum(begun.shared for begun in group)

    def _mask(self, columns: torch.Tensor, width: int) -> torch.Tensor:
        """What the tokens at these columns, `[sequences, tokens]`, may look at, as `[sequences, 1, tokens, width]`.

        Additive and of the model's type, or every layer converts it again. Given even where nothing is masked:
        without a mask, grouped heads take a path that is five times slower on CPUs.
        """
        hidden = torch.arange(width, device=self._device) > columns[:, :, None]
        mask = torch.zeros(hidden.shape, dtype=self._dtype, device=self._device)
        return mask.masked_fill_(hidden, float("-inf"))[:, None]

    def _tensor(self, values: list[int] | list[list[int]]) -> torch.Tensor:
        return torch.tensor(values, dtype=torch.long, device=self._device)


def _groups(prompts: Sequence[_Begun[S]]) -> Iterator[list[_Begun[S]]]:
    """Cut prompts, those with the least to be read first, into groups that are worth padding to one length."""
    group: list[_Begun[S]] = []
    tokens = 0
    for prompt in prompts:
        size = (len(group) + 1) * prompt.unread
        if group and (size > PREFILL_TOKENS or tokens + prompt.unread < (1 - PREFILL_WASTE) * size):
            yield group
            group, tokens, size = [], 0, prompt.unread
        group.append(prompt)
        tokens += prompt.unread
    if group:
        yield group
