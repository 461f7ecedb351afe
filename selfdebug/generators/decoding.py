"""One step at a time through a causal language model, for a batch whose members come and go. Knows no queue."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import torch

from selfdebug.generators.sampling import Draw, next_tokens
from selfdebug.generators.slots import SlotCache

if TYPE_CHECKING:
    from transformers import PreTrainedModel

PREFILL_TOKENS = 4096  # tokens read in one forward, padding included: bounds the memory of its activations
PREFILL_WASTE = 0.1  # share of padding up to which prompts are read together


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


class Decoder(Generic[S]):
    """A model, and the streams that it writes at the moment.

    A forward that fails leaves the streams as they were; `clear` and `admit` then read them anew. Prompts are read
    without their last token. That one is the input of the first step, so that the vocabulary's projection, the
    largest single matrix, is never applied to a prompt.
    """

    def __init__(self, model: "PreTrainedModel") -> None:
        self._model = model
        self._layers: int = model.config.get_text_config().num_hidden_layers
        self._device = model.device
        self._dtype = model.dtype
        self._cache = SlotCache(self._layers)
        self.streams: list[S] = []

    @property
    def bytes_per_token(self) -> int:
        """Memory of one column of one slot, all layers together."""
        config: Any = self._model.config.get_text_config()
        heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
        width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        return int(2 * self._layers * heads * width * self._dtype.itemsize)

    def admit(self, streams: Sequence[S]) -> None:
        """Read the prompts of new streams and add them to the batch."""
        fresh: dict[tuple[int, ...], list[S]] = {}
        for stream in streams:
            fresh.setdefault(stream.read(), []).append(stream)
        for group in _groups(sorted(fresh, key=len)):
            self._read(group)
            for tokens in group:
                self.streams.append(fresh[tokens][0])
        for tokens, siblings in fresh.items():
            for sibling in siblings[1:]:
                self._cache.copy(self.streams.index(siblings[0]), len(self.streams), len(tokens))
                self.streams.append(sibling)

    def step(self) -> list[int]:
        """Add one token to every stream; returns them in the order of `streams`."""
        lengths = [len(stream.prompt) + len(stream.added) for stream in self.streams]
        width = max(lengths)
        columns = self._tensor([length - 1 for length in lengths])
        rows = torch.arange(len(lengths), device=self._device)
        self._cache.plan_step(rows, columns, width)
        seen = torch.arange(width, device=self._device) <= columns[:, None]
        # Additive and of the model's type, or every layer converts it again. Given even where nothing is masked:
        # without a mask, grouped heads take a path that is five times slower on CPUs.
        mask = torch.zeros(seen.shape, dtype=self._dtype, device=self._device).masked_fill_(~seen, float("-inf"))
        output = cast(Any, self._model)(
            input_ids=self._tensor([stream.last for stream in self.streams])[:, None],
            attention_mask=mask[:, None, None, :],
            position_ids=columns[:, None],
            past_key_values=self._cache,
            use_cache=True,
        )
        tokens = next_tokens(output.logits[:, -1], [stream.draw() for stream in self.streams])
        for stream, token in zip(self.streams, tokens, strict=True):
            stream.added.append(token)
        return tokens

    def remove(self, stream: S) -> None:
        """Free a stream's slot."""
        slot = self.streams.index(stream)
        last = self.streams.pop()
        if last is not stream:
            self.streams[slot] = last
            self._cache.copy(len(self.streams), slot, len(last.read()))
        if not self.streams:
            self._cache = SlotCache(self._layers)

    def clear(self) -> None:
        """Forget all streams and free their memory."""
        self.streams = []
        self._cache = SlotCache(self._layers)

    def _read(self, prompts: Sequence[tuple[int, ...]]) -> None:
        """Store prompts of about one length in new slots. Padded on the right, where a causal model never looks."""
        width = len(prompts[-1])
        if width == 0:
            return  # prompts of a single token have nothing to be read before the first step
        self._cache.plan_prompts(len(self.streams), len(prompts), width)
        self._model.base_model(
            input_ids=self._tensor([[*tokens, *[0] * (width - len(tokens))] for tokens in prompts]),
            position_ids=torch.arange(width, device=self._device)[None],
            past_key_values=self._cache,
            use_cache=True,
        )

    def _tensor(self, values: list[int] | list[list[int]]) -> torch.Tensor:
        return torch.tensor(values, dtype=torch.long, device=self._device)


def _groups(prompts: Sequence[tuple[int, ...]]) -> Iterator[list[tuple[int, ...]]]:
    """Cut prompts, shortest first, into groups that are worth padding to one length."""
    group: list[tuple[int, ...]] = []
    tokens = 0
    for prompt in prompts:
        size = (len(group) + 1) * len(prompt)
        if group and (size > PREFILL_TOKENS or tokens + len(prompt) < (1 - PREFILL_WASTE) * size):
            yield group
            group, tokens, size = [], 0, len(prompt)
        group.append(prompt)
        tokens += len(prompt)
    if group:
        yield group
