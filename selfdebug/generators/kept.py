"""What was read for sequences that are over: a conversation that goes on, or begins alike, is not read anew."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from selfdebug.generators.slots import States


@dataclass(frozen=True, eq=False)
class Kept:
    """Token ids that were read, and their keys and values."""

    tokens: tuple[int, ...]
    states: States


class KeptSequences:
    """The sequences that were used last, as many as fit.

    Args:
        max_tokens: The most tokens of all sequences together; 0 keeps nothing.
    """

    def __init__(self, max_tokens: int) -> None:
        self._max_tokens = max_tokens
        self._held: OrderedDict[tuple[int, ...], Kept] = OrderedDict()  # the one used last is the last
        self._tokens = 0

    def takes(self, tokens: Sequence[int]) -> bool:
        """Whether so long a sequence may be kept at all."""
        return len(tokens) <= self._max_tokens

    def add(self, kept: Kept) -> None:
        """Keep a sequence, instead of those that are its beginning and of those used least lately."""
        for tokens in [held for held in self._held if kept.tokens[: len(held)] == held]:
            self._drop(tokens)
        self._held[kept.tokens] = kept
        self._tokens += len(kept.tokens)
        while self._tokens > self._max_tokens:
            self._drop(next(iter(self._held)))

    def longest(self, tokens: tuple[int, ...]) -> tuple[int, Kept | None]:
        """The sequence that begins most like this one, and for how many tokens it does."""
        length, best = max(((common(tokens, held), held) for held in self._held), default=(0, ()))
        if not length:
            return 0, None
        self._held.move_to_end(best)
        return length, self._held[best]

    def clear(self) -> None:
        """Let go of all."""
        self._held.clear()
        self._tokens = 0

    def _drop(self, tokens: tuple[int, ...]) -> None:
        del self._held[tokens]
        self._tokens -= len(tokens)


def common(first: tuple[int, ...], second: tuple[int, ...]) -> int:
    """How many tokens two sequences begin with alike."""
    most = min(len(first), len(second))
    if first[:most] == second[:most]:
        return most
    return next(index for index in range(most) if first[index] != second[index])
