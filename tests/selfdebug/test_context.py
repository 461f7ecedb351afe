"""Cutting conversations: as little as needed, never the problem or the newest turn."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfdebug.context import Messages, fit
from selfdebug.errors import GenerationError
from selfdebug.generator import Message

MESSAGES = st.lists(
    st.builds(Message, st.sampled_from(["system", "user", "assistant"]), st.text(max_size=20), st.integers(0, 8)),
    min_size=1,
    max_size=20,
).map(tuple)


def length(messages: Messages) -> int:
    return sum(len(message.content) + 3 for message in messages)


@given(MESSAGES, st.integers(-5, 400))
def test_drops_exactly_the_oldest_turns_that_must_go(messages: Messages, room: int) -> None:
    turns = sorted({message.turn for message in messages} - {0})
    droppable = turns[:-1]
    smallest = tuple(message for message in messages if message.turn not in droppable)
    if length(smallest) > room:
        with pytest.raises(GenerationError, match="too long"):
            fit(messages, length, room)
        return
    fitted = fit(messages, length, room)
    assert fitted.tokens == length(fitted.messages) <= room
    assert list(fitted.dropped_turns) == droppable[: len(fitted.dropped_turns)]
    assert fitted.messages == tuple(m for m in messages if m.turn not in fitted.dropped_turns)
    if fitted.dropped_turns:
        one_more = tuple(m for m in messages if m.turn not in fitted.dropped_turns[:-1])
        assert length(one_more) > room


def test_the_error_names_the_sizes() -> None:
    with pytest.raises(GenerationError, match="the problem takes 13 tokens, and the model has room for 12 "):
        fit((Message("user", "x" * 10),), length, 12)


def test_a_single_turn_beside_the_problem_is_the_newest_and_stays() -> None:
    messages = (Message("user", "p"), Message("assistant", "a" * 50, turn=1))
    with pytest.raises(GenerationError, match="the problem and its newest turn take"):
        fit(messages, length, 20)
