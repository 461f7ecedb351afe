"""`python -m benchmarks.curve_table RUN …`: what runs over the same problems solve within so many tokens a problem.

One line for each of so many points, evenly in the logarithm of the tokens; each share has its bootstrap interval.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import curves
from benchmarks.compare import require_same_problems
from benchmarks.results import Run, load
from selfdebug.errors import InputError


def table(runs: Sequence[Run], points: int = curves.POINTS) -> str:
    """The curves as a table of Markdown."""
    labels = [f"{run.name} ({run.strategy})" for run in runs]
    lines = [f"| {' | '.join(('tokens a problem', *labels))} |", f"| {' | '.join(['---'] * (len(runs) + 1))} |"]
    for tokens in curves.grid(runs, points):
        cells = [f"{tokens:,}"]
        for run in runs:
            share, interval = curves.share_within(run, tokens)
            cells.append(f"{share:.1%} ({interval.low:.1%} to {interval.high:.1%})")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Print the table; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.curve_table", description=__doc__)
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="a folder that `bench --out` has made")
    parser.add_argument("--points", type=int, default=curves.POINTS, help="how many lines; at least 2")
    asked = parser.parse_args(arguments)
    if asked.points < 2:
        parser.error(f"--points is {asked.points}; expected at least 2")
    try:
        runs = [load(path) for path in asked.runs]
        for run in runs[1:]:
            require_same_problems(runs[0], run)
        print(table(runs, asked.points))
    except InputError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
