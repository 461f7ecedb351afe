"""What strategies solve within so many tokens a problem, played many times over on one bank."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from benchmarks.intervals import Interval, bootstrap_mean
from benchmarks.simulation.bank import Recorded
from benchmarks.simulation.play import AGAIN, Played, play
from selfdebug.options import Options, Strategy
from selfdebug.problem import Problem

Pairs = Sequence[tuple[Problem, Recorded]]


@dataclass(frozen=True)
class Curve:
    """A strategy's solves: for each problem, one a time that it was played."""

    strategy: Strategy
    problems: tuple[tuple[Played, ...], ...]

    @property
    def tokens(self) -> float:
        """The mean tokens a problem."""
        return fmean(fmean(played.tokens for played in each) for each in self.problems)

    @property
    def drawn(self) -> dict[str, float]:
        """The share of each kind of draw, the commonest first."""
        counts = sum((played.drawn for each in self.problems for played in each), Counter[str]())
        again = counts.pop(AGAIN, 0)
        total = counts.total() or 1
        return {kind: count / total for kind, count in counts.most_common()} | {AGAIN: again / total}

    def solved(self, tokens: float = float("inf")) -> list[float]:
        """For each problem, the share of times that it was solved within so many tokens."""
        return [fmean(played.right and played.tokens <= tokens for played in each) for each in self.problems]

    def share(self, tokens: float = float("inf")) -> tuple[float, Interval]:
        """The share solved within so many tokens, and its bootstrap interval over problems."""
        each = self.solved(tokens)
        return fmean(each), bootstrap_mean(each)


def curve(pairs: Pairs, options: Options, times: int) -> Curve:
    """Play a strategy so many times on each problem. The same seeds give the same curve."""
    return Curve(
        options.strategy,
        tuple(
            tuple(
                play(
                    problem,
                    recorded,
                    replace(options, sampling=replace(options.sampling, seed=time)),
                    random.Random(f"{problem.id} {time}"),
                )
                for time in range(times)
            )
            for problem, recorded in pairs
        ),
    )


def ahead(one: Curve, other: Curve, tokens: float = float("inf")) -> tuple[float, Interval]:
    """By how much one solves more within so many tokens, and the difference's bootstrap interval over problems."""
    differences = [a - b for a, b in zip(one.solved(tokens), other.solved(tokens), strict=True)]
    return fmean(differences), bootstrap_mean(differences)


def ceiling(pairs: Pairs) -> int:
    """For how many problems any recorded draw passes every test: what no strategy can exceed on this bank."""
    return sum(any(program.right for program in recorded.programs) for _, recorded in pairs)
