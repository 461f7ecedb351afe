"""Intervals and tests against published values, scipy, and everything counted out."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchmarks.intervals import bootstrap_mean, mcnemar, wilson

COUNTS = st.integers(0, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(COUNTS, st.floats(0.5, 0.999))
def test_wilson_is_scipys(counts: tuple[int, int], confidence: float) -> None:
    successes, trials = counts
    found = wilson(successes, trials, confidence)
    assert 0 <= found.low <= found.high <= 1
    if trials:
        known = stats.binomtest(successes, trials).proportion_ci(confidence, "wilson")
        assert (found.low, found.high) == pytest.approx((known.low, known.high), abs=1e-12)
        assert found.low <= successes / trials <= found.high


def test_wilson_gives_the_published_values() -> None:
    # Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3.
    for (successes, trials), published in {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (0, 20): (0.0000, 0.1611),
        (1, 29): (0.0061, 0.1718),
    }.items():
        found = wilson(successes, trials)
        assert (found.low, found.high) == pytest.approx(published, abs=5e-5)
    assert wilson(0, 7).low == 0.0
    assert wilson(7, 7).high == 1.0
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)


@pytest.mark.parametrize(("successes", "trials"), [(-1, 3), (4, 3)])
def test_wilson_refuses_what_is_no_count(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match="needs 0 <="):
        wilson(successes, trials)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95])
def test_a_confidence_is_a_share(confidence: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        wilson(1, 2, confidence)
    with pytest.raises(ValueError, match="between 0 and 1"):
        bootstrap_mean([1.0], confidence=confidence)


@given(st.integers(0, 12), st.integers(0, 12))
def test_mcnemar_counts_all_ways_that_are_as_uneven(gained: int, lost: int) -> None:
    changes = gained + lost
    ways = list(itertools.product((0, 1), repeat=changes)) if changes <= 12 else []
    if ways:
        uneven = sum(abs(2 * sum(way) - changes) >= abs(gained - lost) for way in ways)
        assert mcnemar(gained, lost) == pytest.approx(float(Fraction(uneven, len(ways))))
    assert mcnemar(gained, lost) == mcnemar(lost, gained)
    if changes:
        assert mcnemar(gained, lost) == pytest.approx(stats.binomtest(gained, changes).pvalue)


def test_mcnemar_stands_large_counts_and_none() -> None:
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(3000, 3000) == 1.0
    assert mcnemar(0, 5000) == pytest.approx(0.0, abs=1e-300)
    # Agresti 2002, "Categorical Data Analysis", section 10.1: 86 and 150 changed their minds.
    assert mcnemar(86, 150) == pytest.approx(3.716e-5, rel=1e-3)
    with pytest.raises(ValueError, match="not negative"):
        mcnemar(-1, 2)


@given(st.lists(st.sampled_from([-1, 0, 1]), min_size=1, max_size=60), st.integers(0, 5))
def test_a_bootstrap_is_the_same_for_the_same_seed_and_within_the_values(values: list[int], seed: int) -> None:
    found = bootstrap_mean(values, seed=seed, resamples=500)
    assert found == bootstrap_mean(values, seed=seed, resamples=500)
    assert min(values) <= found.low <= found.high <= max(values)
    turned = bootstrap_mean([-value for value in values], seed=seed, resamples=500)
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low))


def test_the_bootstrap_finds_the_exact_quantiles() -> None:
    values = [1, 0, 0, -1, 1]
    means = sorted(sum(draw) / 5 for draw in itertools.product(values, repeat=5))
    exact = np.quantile(means, [0.05, 0.95])
    found = bootstrap_mean(values, confidence=0.9)
    assert (found.low, found.high) == pytest.approx(tuple(exact))


def test_the_bootstrap_agrees_with_scipys() -> None:
    values = np.random.default_rng(1).choice([-1.0, 0.0, 1.0], p=[0.1, 0.6, 0.3], size=300)
    known = stats.bootstrap((values,), np.mean, method="percentile", rng=np.random.default_rng(2)).confidence_interval
    found = bootstrap_mean(values.tolist())
    assert (found.low, found.high) == pytest.approx((known.low, known.high), abs=0.01)
    assert bootstrap_mean([0.0] * 9) == bootstrap_mean([0.0])
    with pytest.raises(ValueError, match="at least one"):
        bootstrap_mean([])
