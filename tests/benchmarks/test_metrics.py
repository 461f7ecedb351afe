"""pass@k against its definition, counted out."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.metrics import mean_pass_at_k, pass_at_k


@given(st.integers(1, 9).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n))))
def test_it_is_the_share_of_draws_with_a_pass(numbers: tuple[int, int, int]) -> None:
    samples, passed, k = numbers
    draws = list(combinations(range(samples), k))
    share = sum(any(drawn < passed for drawn in draw) for draw in draws) / len(draws)
    assert pass_at_k(samples, passed, k) == pytest.approx(share)


def test_large_numbers_stay_exact() -> None:
    assert pass_at_k(200, 1, 100) == pytest.approx(0.5)
    assert pass_at_k(10**6, 1, 1) == pytest.approx(1e-6)
    assert pass_at_k(200, 101, 100) == 1.0


@pytest.mark.parametrize(("samples", "passed", "k"), [(3, 1, 0), (3, 1, 4), (3, 4, 1), (3, -1, 1), (0, 0, 1)])
def test_numbers_that_do_not_fit_are_refused(samples: int, passed: int, k: int) -> None:
    with pytest.raises(ValueError, match="needs 1 <= k"):
        pass_at_k(samples, passed, k)


def test_the_mean_needs_enough_samples_of_every_problem() -> None:
    assert mean_pass_at_k([(2, 1), (2, 0)], 1) == pytest.approx(0.25)
    assert mean_pass_at_k([(2, 1), (1, 0)], 2) is None
    assert mean_pass_at_k([], 1) is None
