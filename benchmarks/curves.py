"""How many problems are solved as turns, or tokens, are spent."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from benchmarks.intervals import Interval, bootstrap_mean
from benchmarks.metrics import mean_pass_at_k
from benchmarks.results import Run, Task

POINTS = 24  # of a curve


def solved_by_turn(run: Run) -> list[int]:
    """How many problems are solved by the first answer, after one more, and so on to the end of the turns' budget."""
    turns = max([1, run.budget.get("turns") or 1, *(len(task.turns) for task in run.tasks)])
    return [sum(task.solved_after(count) for task in run.tasks) for count in range(1, turns + 1)]


def solved_by_tokens(run: Run) -> list[tuple[int, int]]:
    """How many problems are solved when each has spent at most so many tokens: where the number changes, ascending.

    Begins with (0, 0). A problem counts while its answer is right: one that a repair breaks counts no more.
    """
    changes: Counter[int] = Counter()
    for task in run.tasks:
        before = False
        for turn in task.turns if not task.error else ():
            changes[turn.tokens_so_far] += turn.solved - before
            before = turn.solved
    points, solved = [(0, 0)], 0
    for tokens in sorted(tokens for tokens, change in changes.items() if change):
        solved += changes[tokens]
        points.append((tokens, solved))
    return points


def share_within(run: Run, tokens: int) -> tuple[float, Interval]:
    """The share of problems that are solved when each may spend so many tokens, and its bootstrap interval."""
    solved = [float(task.solved_within(tokens)) for task in run.tasks]
    return sum(solved) / len(solved), bootstrap_mean(solved, resamples=2000)


def grid(runs: Sequence[Run], points: int = POINTS) -> list[int]:
    """Numbers of tokens a problem, evenly in their logarithm, from the cheapest first answer to all that was spent."""
    first = min((task.turns[0].tokens_so_far for run in runs for task in run.tasks if task.turns), default=1)
    low, high = math.log(max(first, 1)), math.log(max(1, *(most_spent(run.tasks) for run in runs)))
    return sorted({round(math.exp(low + (high - low) * step / (points - 1))) for step in range(points)})


def most_spent(tasks: Iterable[Task]) -> int:
    """The tokens that the dearest task spent."""
    return max((task.usage.tokens for task in tasks), default=0)


def common_tokens(runs: Sequence[Run]) -> int:
    """The most tokens a problem for which each of the runs shows what it makes of them."""
    return min(run.budget.get("tokens") or most_spent(run.tasks) for run in runs)


def samples_pass_at(run: Run) -> dict[int, float]:
    """pass@k by the hidden tests of the candidates that a run drew first, for each k up to their number.

    Only those were drawn whatever became of the others, as the estimate asks. Empty where one alone was drawn, or
    nothing is hidden.
    """
    drawn = int(run.manifest.asked.options.get("samples", 1) or 1)
    known = [task.turns[:drawn] for task in run.tasks if not task.error]
    if drawn < 2 or all(turn.hidden_passed is None for turns in known for turn in turns):
        return {}
    counts = [(len(turns), sum(turn.hidden_passed is True for turn in turns)) for turns in known]
    means = {k: mean_pass_at_k(counts, k) for k in range(1, drawn + 1)}
    return {k: mean for k, mean in means.items() if mean is not None}
