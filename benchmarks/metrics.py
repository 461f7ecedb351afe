"""How good a generator is, from how many of its samples passed."""

from collections.abc import Sequence


def pass_at_k(samples: int, passed: int, k: int) -> float:
    """Estimate without bias the chance that at least one of `k` samples of a problem passes.

    Chen et al. 2021, "Evaluating Large Language Models Trained on Code", equation 1: `1 - C(n-c, k) / C(n, k)`, here
    as the product of `1 - k / i` for i from n - c + 1 to n, which no large binomial can overflow.

    Args:
        samples: How many samples of the problem were run, n; at least `k`.
        passed: How many of them passed, c; 0 to n.
        k: How many may be tried; at least 1.

    Raises:
        ValueError: The numbers don't fit together.
    """
    if not 1 <= k <= samples or not 0 <= passed <= samples:
        raise ValueError(f"needs 1 <= k <= samples and 0 <= passed <= samples, not {k=}, {samples=}, {passed=}")
    if samples - passed < k:
        return 1.0
    failing = 1.0
    for i in range(samples - passed + 1, samples + 1):
        failing *= 1.0 - k / i
    return 1.0 - failing


def mean_pass_at_k(counts: Sequence[tuple[int, int]], k: int) -> float | None:
    """Average pass@k over problems, each given as (samples, passed).

    None where there is no problem, or where one has fewer than `k` samples: an average over the others would be about
    another set of problems.
    """
    if not counts or any(samples < k for samples, _ in counts):
        return None
    return sum(pass_at_k(samples, passed, k) for samples, passed in counts) / len(counts)
