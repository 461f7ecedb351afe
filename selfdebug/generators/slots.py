"""The key-value cache of the batching decoder: one slot a sequence, written in place, freed at once.

A slot holds its sequence from column 0 on, without padding before it, so sequences of any length sit beside each
other and a new one moves nothing. The used slots are always the first ones: freeing one moves the last into its place.
"""

from typing import Any

import torch
from transformers.cache_utils import Cache, CacheLayerMixin

States = tuple[tuple[torch.Tensor, torch.Tensor], ...]
"""Keys and values of one sequence, layer by layer, each `[heads, tokens, head_dim]`."""

COLUMN_STEP = 128  # capacity grows by this many columns, so that a running batch is copied only so often


class SlotLayer(CacheLayerMixin):  # type: ignore[no-untyped-call]  # its base's hook is not annotated
    """Keys and values of one layer, each `[slots, heads, columns, head_dim]`."""

    is_sliding = False

    def __init__(self, plan: "SlotCache") -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._plan = plan

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        self.keys, self.values = self._fitted(None, key_states), self._fitted(None, value_states)
        self.is_initialized = True

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Store the new states where the plan says, and return those that the queries may look at."""
        plan = self._plan
        # One after the other, so that at most one old tensor of one layer lives beside its successor.
        self.keys = keys = self._fitted(self.keys, key_states)
        self.values = values = self._fitted(self.values, value_states)
        self.is_initialized = True
        first, count, width = plan.first, key_states.shape[0], key_states.shape[2]
        if plan.columns_written is None:
            keys[first : first + count, :, :width] = key_states
            values[first : first + count, :, :width] = value_states
            return key_states, value_states
        rows = torch.arange(first, first + count, device=keys.device)[:, None]
        keys[rows, :, plan.columns_written] = key_states.transpose(1, 2)
        values[rows, :, plan.columns_written] = value_states.transpose(1, 2)
        return keys[first : first + count, :, : plan.width], values[first : first + count, :, : plan.width]

    def _fitted(self, old: torch.Tensor | None, like: torch.Tensor) -> torch.Tensor:
        """`old`, or a copy of it with room for the plan's capacity."""
        slots, columns = self._plan.slots, self._plan.columns
        if old is not None and old.shape[0] >= slots and old.shape[2] >= columns:
            return old
        # Zeros, because attention weighs even a masked column, by nothing: a stray NaN there would stay a NaN.
        new = torch.zeros((slots, like.shape[1], columns, like.shape[3]), dtype=like.dtype, device=like.device)
        if old is not None:
            new[: old.shape[0], :, : old.shape[2]] = old
        return new

    def move(self, source: int, target: int, length: int) -> None:
        """Copy the first `length` columns of one slot to another."""
        if self.keys is None or self.values is None:
            return
        self.keys = self._fitted(self.keys, self.keys)
        self.values = self._fitted(self.values, self.values)
        for states in (self.keys, self.values):
            states[target, :, :length] = states[source, :, :length]

    def take(self, slot: int, length: int) -> tuple[torch.Tensor, torch.Tensor]:
        """A copy of the first `length` columns of a slot."""
        assert self.keys is not None
        assert self.values is not None
        return self.keys[slot, :, :length].clone(), self.values[slot, :, :length].clone()

    def put(self, keys: torch.Tensor, values: torch.Tensor, slot: int, length: int) -> None:
        """Fill the first `length` columns of a slot."""
        self.keys, self.values = self._fitted(self.keys, keys[None]), self._fitted(self.values, values[None])
        self.keys[slot, :, :length], self.values[slot, :, :length] = keys[:, :length], values[:, :length]
        self.is_initialized = True

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return (query_length if self._plan.columns_written is None else self._plan.width), 0

    def get_seq_length(self) -> int:
        return 0 if self._plan.columns_written is None else self._plan.width - 1

    def get_max_length(self) -> int:
        return -1


class SlotCache(Cache):
    """What a model's forward is given as `past_key_values`: the layers, and where the next forward writes.

    Attributes:
        slots, columns: The capacity; layers follow at their next write.
        first: The slot of the first sequence that the next forward is about.
        columns_written: The column of each new token, `[sequences, tokens]`. None while whole prompts are read.
        width: Otherwise: columns that the longest sequence takes, its new tokens included.
    """

    def __init__(self, layers: int) -> None:
        self.slots = self.columns = 0
        self.first = 0
        self.columns_written: torch.Tensor | None = None
        self.width = 0
        self._slot_layers = [SlotLayer(self) for _ in range(layers)]
        super().__init__(layers=list(self._slot_layers))

    def plan_prompts(self, first: int, count: int, width: int) -> None:
        """The next forward reads `count` prompts of up to `width` tokens into the slots from `first` on."""
        self._reserve(first + count, width)
        self.first, self.columns_written = first, None

    def plan_tokens(self, first: int, columns: torch.Tensor, width: int) -> None:
        """The next forward adds tokens to the slots from `first` on, at these columns, `[sequences, tokens]`."""
        self._reserve(first + len(columns), width)
        self.first, self.columns_written, self.width = first, columns, width

    def copy(self, source: int, target: int, length: int) -> None:
        """Copy the first `length` columns of one slot to another, which may be new."""
        self._reserve(target + 1, length)
        for layer in self._slot_layers:
            layer.move(source, target, length)

    def take(self, slot: int, length: int) -> States:
        """A copy of the first `length` columns of a slot."""
        return tuple(layer.take(slot, length) for layer in self._slot_layers)

    def put(self, states: States, slot: int, length: int) -> None:
        """Fill the first `length` columns of a slot, which may be new."""
        self._reserve(slot + 1, length)
        for layer, (keys, values) in zip(self._slot_layers, states, strict=True):
            layer.put(keys, values, slot, length)

    def _reserve(self, slots: int, columns: int) -> None:
        if slots > self.slots:
            self.slots = max(slots, 2 * self.slots)
        if columns > self.columns:
            self.columns = -(-columns // COLUMN_STEP) * COLUMN_STEP
