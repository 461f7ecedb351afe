"""Drawing tokens: the nucleus, the proportions, and rows that know nothing of each other."""

from collections import Counter

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from selfdebug.generators.sampling import SHORTLIST, Draw, chances, next_tokens


def nucleus(logits: torch.Tensor, temperature: float, top_p: float) -> list[tuple[int, float]]:
    """The definition, written out: tokens and probabilities of the smallest set that reaches top-p."""
    probabilities = torch.softmax(logits.double() / temperature, -1)
    chosen: list[tuple[int, float]] = []
    mass = 0.0
    for token in sorted(range(len(logits)), key=lambda token: -float(probabilities[token])):
        if mass >= top_p:
            break
        chosen.append((token, float(probabilities[token])))
        mass += float(probabilities[token])
    return [(token, probability / mass) for token, probability in chosen]


@pytest.mark.parametrize("vocabulary", [7, 3 * SHORTLIST])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_draw_is_the_inverse_of_the_nucleus_distribution(vocabulary: int, data: st.DataObject) -> None:
    seed = data.draw(st.integers(0, 10_000))
    spread = data.draw(st.sampled_from([0.01, 1.0, 5.0]))  # flat distributions reach beyond the shortlist
    temperature = data.draw(st.floats(0.1, 3.0))
    top_p = data.draw(st.floats(0.05, 1.0))
    chance = data.draw(st.floats(0, 1, exclude_max=True))
    logits = torch.randn(vocabulary, generator=torch.Generator().manual_seed(seed)) * spread
    token = next_tokens(logits[None], [Draw(temperature, top_p, chance)])[0]
    cumulated = 0.0
    low, high = {}, {}
    for candidate, probability in nucleus(logits, temperature, top_p):
        low[candidate], high[candidate] = cumulated, cumulated + probability
        cumulated += probability
    # Sums in single precision may move an edge of the nucleus by a hair, and a near tie may change places.
    assert token in low or token in dict(nucleus(logits, temperature, min(1.0, top_p + 1e-4)))
    if token in low:
        hair = 1e-4 if vocabulary < SHORTLIST else 6e-3
        assert low[token] - hair <= chance <= high[token] + hair


def test_rows_with_different_settings_do_not_touch_each_other() -> None:
    logits = torch.randn(6, 1000, generator=torch.Generator().manual_seed(1)).bfloat16()
    draws = [None, Draw(0.7, 0.9, 0.3), None, Draw(1.5, 1.0, 0.99), Draw(1e-9, 0.5, 0.5), Draw(1.0, 0.1, 0.0)]
    together = next_tokens(logits, draws)
    assert together == [next_tokens(logits[row : row + 1], [draw])[0] for row, draw in enumerate(draws)]
    assert [together[row] for row in (0, 2, 4)] == [int(logits[row].float().argmax()) for row in (0, 2, 4)]


def test_everything_may_be_drawn_in_proportion_at_top_p_one() -> None:
    logits = torch.log(torch.tensor([0.5, 0.3, 0.2]))
    count = 3000
    drawn = Counter(next_tokens(logits.expand(count, 3), [Draw(1.0, 1.0, (i + 0.5) / count) for i in range(count)]))
    assert drawn == {0: 1500, 1: 900, 2: 600}


def test_the_very_end_of_a_wide_distribution_can_be_drawn() -> None:
    logits = -torch.arange(2.0 * SHORTLIST) * 1e-6
    assert next_tokens(logits[None], [Draw(1.0, 1.0, 0.999999)])[0] > SHORTLIST


def test_chances_belong_to_a_seed_and_a_sample() -> None:
    assert chances(1, 0, 50) == chances(1, 0, 50)
    assert chances(1, 0, 50)[:10] == chances(1, 0, 10)
    assert len({tuple(chances(seed, sample, 5)) for seed in range(10) for sample in range(10)}) == 100
    assert chances(-1, 0, 3) != chances(2**80, 0, 3)
    assert all(0 <= chance < 1 for chance in chances(3, 4, 1000))
