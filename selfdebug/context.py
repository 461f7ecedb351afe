"""Cutting a conversation that is too long for the model. Knows turns and token counts, no tokenizer."""

from collections.abc import Callable
from dataclasses import dataclass

from selfdebug.errors import GenerationError
from selfdebug.generator import Message

Messages = tuple[Message, ...]


@dataclass(frozen=True)
class Fitted:
    """A conversation that fits.

    Attributes:
        messages: What is left, in order.
        tokens: Their count as a whole prompt.
        dropped_turns: The turns that were cut, ascending.
    """

    messages: Messages
    tokens: int
    dropped_turns: tuple[int, ...] = ()


def fit(messages: Messages, count: Callable[[Messages], int], room: int) -> Fitted:
    """Drop whole turns, the oldest first, until the conversation has at most `room` tokens.

    Turn 0 (the problem) and the newest turn are never dropped, and no more turns than needed are.

    Args:
        messages: The conversation. Its turns may be interleaved in any order.
        count: Tokens of a conversation as the model is given it, template included.
        room: The most tokens the prompt may have.

    Raises:
        GenerationError: The problem and the newest turn alone do not fit.
    """
    turns = sorted({message.turn for message in messages} - {0})
    for dropped in range(max(1, len(turns))):
        gone = frozenset(turns[:dropped])
        kept = tuple(message for message in messages if message.turn not in gone)
        tokens = count(kept)
        if tokens <= room:
            return Fitted(kept, tokens, tuple(turns[:dropped]))
    what = "the problem and its newest turn take" if turns else "the problem takes"
    raise GenerationError(
        f"the prompt is too long: {what} {tokens} tokens, and the model has room for {max(room, 0)} beside its answer; "
        "shorten the problem, ask for fewer new tokens, or take a model with a longer context"
    )
