"""How sure a count and a difference of counts are."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

RESAMPLES = 10_000
_CELLS = 4_000_000  # drawn at once


@dataclass(frozen=True)
class Interval:
    """From `low` to `high`, both included."""

    low: float
    high: float


def wilson(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """The score interval of a share, right for small counts and for none and all too.

    Wilson 1927, "Probable Inference, the Law of Succession, and Statistical Inference". Of no trials: 0 to 1.

    Raises:
        ValueError: The numbers don't fit together.
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"needs 0 <= successes <= trials, not {successes=}, {trials=}")
    z = NormalDist().inv_cdf((1 + _share(confidence)) / 2)
    if not trials:
        return Interval(0.0, 1.0)
    share, weight = successes / trials, z * z / trials
    centre = (share + weight / 2) / (1 + weight)
    half = z / (1 + weight) * math.sqrt(share * (1 - share) / trials + weight / (4 * trials))
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    return Interval(low, 1.0 if successes == trials else min(1.0, centre + half))


def bootstrap_mean(
    differences: Sequence[float], *, confidence: float = 0.95, resamples: int = RESAMPLES, seed: int = 0
) -> Interval:
    """The percentile interval of the mean of paired differences, one a task: tasks are drawn again, with replacement.

    Efron 1979, "Bootstrap Methods: Another Look at the Jackknife"; tasks are the unit because a run's luck with one is
    not its luck with another. The same seed gives the same interval.

    Raises:
        ValueError: There is no difference.
    """
    if not differences:
        raise ValueError("needs at least one difference")
    values, draw = np.asarray(differences, dtype=np.float64), np.random.default_rng(seed)
    rows = max(1, _CELLS // len(values))
    means = np.concatenate(
        [
            values[draw.integers(0, len(values), size=(min(rows, resamples - start), len(values)))].mean(axis=1)
            for start in range(0, resamples, rows)
        ]
    )
    tail = (1 - _share(confidence)) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return Interval(float(low), float(high))


def mcnemar(gained: int, lost: int) -> float:
    """The two-sided p of McNemar's exact test: were changes this uneven by chance, if each were as likely either way?

    McNemar 1947, "Note on the sampling error of the difference between correlated proportions or percentages", with
    the binomial distribution itself instead of its approximation. 1 where nothing changed.

    Raises:
        ValueError: A count is negative.
    """
    if gained < 0 or lost < 0:
        raise ValueError(f"counts are not negative: {gained=}, {lost=}")
    changes = gained + lost
    tail = sum(math.comb(changes, count) for count in range(min(gained, lost) + 1))
    return min(1.0, 2 * tail / (1 << changes))


def _share(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence is between 0 and 1, not {confidence}")
    return confidence
