"""Where the lines, bands and ticks of a chart lie. The template draws them."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks import curves
from benchmarks.intervals import wilson
from benchmarks.results import Run

WIDTH, HEIGHT = 360, 236  # of a phone, on which it is drawn at its own size
LEFT, RIGHT, TOP, BOTTOM = 34, 10, 10, 38
_TICKS = 4


@dataclass(frozen=True)
class Tick:
    """A mark on an axis, at a place in the drawing."""

    at: float
    label: str


@dataclass(frozen=True)
class Line:
    """One run's line: an SVG path, and where it ends."""

    label: str
    path: str
    end_x: float
    end_y: float


@dataclass(frozen=True)
class Chart:
    """One chart. `band`: the interval of the first line, as an SVG path.

    Attributes:
        header, rows: The same in numbers, for those who don't see it.
    """

    name: str
    title: str
    x_label: str
    y_label: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    band: str
    lines: tuple[Line, ...]
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


_Points = list[tuple[float, float]]


def by_turn(runs: Sequence[Run], labels: Sequence[str]) -> Chart:
    """Solved problems by the number of candidates."""
    counts = [curves.solved_by_turn(run) for run in runs]
    total, most = len(runs[0].tasks), max(map(len, counts))
    bounds = [wilson(count, total) for count in counts[0]]
    x = _across(1, max(most, 2))
    y, y_ticks = _shares(max(max(map(max, counts)) / total, *(bound.high for bound in bounds)))
    shares = [[(x(number), y(count / total)) for number, count in enumerate(line, 1)] for line in counts]
    step = max(1, math.ceil(most / 10))
    upper = [(x(number), y(bound.high)) for number, bound in enumerate(bounds, 1)]
    lower = [(x(number), y(bound.low)) for number, bound in enumerate(bounds, 1)]
    return Chart(
        name="turns",
        title="Solved by turn",
        x_label="candidates written, the first answer included",
        y_label="solved",
        x_ticks=tuple(Tick(x(number), str(number)) for number in range(1, most + 1, step)),
        y_ticks=y_ticks,
        band=_straight(upper + lower[::-1]) + "Z",
        lines=tuple(_line(label, points, _straight) for label, points in zip(labels, shares, strict=True)),
        header=("Candidates", *labels),
        rows=tuple(
            (str(number + 1), *(f"{line[min(number, len(line) - 1)]} of {total}" for line in counts))
            for number in range(most)
        ),
    )


def by_tokens(runs: Sequence[Run], labels: Sequence[str]) -> Chart:
    """Solved problems by the tokens that each may spend; a line ends where its run has spent no more."""
    lines = [curves.solved_by_tokens(run) for run in runs]
    ends = [max(curves.most_spent(run.tasks), 1) for run in runs]
    total, ticks = len(runs[0].tasks), _doublings(_cheapest(runs), max(ends))
    across = _across(math.log(ticks[0]), math.log(max(*ends, 2 * ticks[0])))
    high = max(curves.share_within(run, curves.most_spent(run.tasks))[1].high for run in runs)
    y, y_ticks = _shares(max(high, *(solved / total for points in lines for _, solved in points)))

    def x(tokens: float) -> float:
        return across(math.log(max(tokens, ticks[0])))

    shares = [
        [(x(tokens), y(count / total)) for tokens, count in [*points, (end, points[-1][1])]]
        for points, end in zip(lines, ends, strict=True)
    ]
    at = sorted({*ticks, *ends})
    bounds = [(x(tokens), curves.share_within(runs[0], tokens)[1]) for tokens in curves.grid(runs[:1])]
    edge = [(at_x, y(bound.high)) for at_x, bound in bounds] + [(at_x, y(bound.low)) for at_x, bound in bounds[::-1]]
    return Chart(
        name="tokens",
        title="Solved by tokens",
        x_label="tokens that each problem may spend",
        y_label="solved",
        x_ticks=tuple(Tick(x(tokens), _short(tokens)) for tokens in ticks[:: math.ceil(len(ticks) / 7)]),
        y_ticks=y_ticks,
        band=_straight(edge) + "Z",
        lines=tuple(_line(label, points, _stepped) for label, points in zip(labels, shares, strict=True)),
        header=("Tokens each", *labels),
        rows=tuple(
            (f"{tokens:,}", *(f"{sum(task.solved_within(tokens) for task in run.tasks)} of {total}" for run in runs))
            for tokens in at
        ),
    )


def _across(low: float, high: float) -> Callable[[float], float]:
    width = WIDTH - LEFT - RIGHT
    return lambda value: round(LEFT + width * (value - low) / (high - low), 1)


def _shares(most: float) -> tuple[Callable[[float], float], tuple[Tick, ...]]:
    """The vertical axis: shares from 0 to a round number that is not below the highest."""
    top = next(step for step in (0.1, 0.2, 0.4, 0.6, 0.8, 1.0) if most <= step or step == 1.0)
    height = HEIGHT - TOP - BOTTOM

    def y(share: float) -> float:
        return round(TOP + height * (1 - min(share, top) / top), 1)

    ticks = [top * number / _TICKS for number in range(_TICKS + 1)]
    return y, tuple(Tick(y(share), f"{round(100 * share, 1):g}%") for share in ticks)


def _cheapest(runs: Sequence[Run]) -> int:
    """The tokens of the cheapest first answer."""
    return min((task.turns[0].tokens_so_far for run in runs for task in run.tasks if task.turns), default=1)


def _doublings(low: int, high: int) -> list[int]:
    """1, 2, 5, 10, 20, … from the last that is not above `low` to the last that is not above `high`."""
    steps = [factor * 10**power for power in range(len(str(high))) for factor in (1, 2, 5)]
    first = max((step for step in steps if step <= max(low, 1)), default=1)
    return [step for step in steps if first <= step <= max(high, first)]


def _short(number: int) -> str:
    return f"{number / 1000:g}k" if number >= 1000 else str(number)


def _line(label: str, points: _Points, path: Callable[[_Points], str]) -> Line:
    return Line(label, path(points), *points[-1])


def _straight(points: _Points) -> str:
    return "M" + "L".join(f"{x} {y}" for x, y in points)


def _stepped(points: _Points) -> str:
    first, *others = points
    return f"M{first[0]} {first[1]}" + "".join(f"H{x}V{y}" for x, y in others)
