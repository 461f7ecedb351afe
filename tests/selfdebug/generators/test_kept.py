"""Which sequences are kept, and which of them a new one shares most with."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from selfdebug.generators.kept import Kept, KeptSequences, common

Tokens = tuple[int, ...]
TOKENS = st.lists(st.integers(0, 1), min_size=1, max_size=6).map(tuple)


def kept(tokens: Tokens) -> Kept:
    return Kept(tokens, ((torch.zeros(0), torch.zeros(0)),))


@given(TOKENS, TOKENS)
def test_common_counts_what_two_sequences_begin_with(first: Tokens, second: Tokens) -> None:
    length = common(first, second)
    assert first[:length] == second[:length]
    assert length == min(len(first), len(second)) or first[length] != second[length]


@given(st.lists(TOKENS, max_size=12), TOKENS, st.integers(0, 20))
def test_as_many_are_kept_as_fit_and_the_most_alike_is_found(added: list[Tokens], asked: Tokens, most: int) -> None:
    sequences = KeptSequences(most)
    expected: list[Tokens] = []
    for tokens in added:
        if not sequences.takes(tokens):
            continue
        sequences.add(kept(tokens))
        expected = [held for held in expected if tokens[: len(held)] != held] + [tokens]
        while sum(map(len, expected)) > most:
            expected.pop(0)
    length, found = sequences.longest(asked)
    assert length == max((common(asked, held) for held in expected), default=0)
    assert (found is None) == (length == 0)
    if found:
        assert found.tokens in expected
        assert found.tokens[:length] == asked[:length]


def test_what_was_used_last_stays_longest() -> None:
    sequences = KeptSequences(6)
    for tokens in ((1, 1), (2, 2), (3, 3)):
        sequences.add(kept(tokens))
    assert sequences.longest((1, 1, 9))[0] == 2
    sequences.add(kept((4, 4)))
    assert [sequences.longest((first, first))[0] for first in (1, 2, 3, 4)] == [2, 0, 2, 2]
    sequences.clear()
    assert sequences.longest((1, 1)) == (0, None)
