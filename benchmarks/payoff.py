"""`python -m benchmarks.payoff RUN …`: what each kind of feedback paid for what was wrong, from finished runs.

One row for each status of a failed candidate and each run's feedback: how often the candidate that was made next
passes every test, the hidden ones too, and what that cost, the talk about the failed one included. `--feedback auto`
is made from such a table (`selfdebug/feedback/auto.py`), of runs on problems that no result is reported on.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.intervals import wilson
from benchmarks.results import load
from benchmarks.run import trajectory_name
from sandbox.types import Status
from selfdebug.driver import Result
from selfdebug.errors import InputError
from selfdebug.events import Completed, Event
from selfdebug.trajectory import read


@dataclass(frozen=True)
class Repair:
    """One candidate that was made from a failed one.

    Attributes:
        status: What became of the failed one.
        solved: Whether the new one passes every test.
        tokens: What it cost.
    """

    status: Status
    solved: bool
    tokens: int


def repairs(events: Sequence[Event]) -> Iterator[Repair]:
    """The repairs of one solve, in their order."""
    result = Result.of(events)
    spent: defaultdict[int, int] = defaultdict(int)
    made = 0
    for event in events:
        if not isinstance(event, Completed):
            continue
        tokens = event.completion.tokens
        if event.purpose.talks:
            spent[event.turn or made] += tokens
            continue
        made += len(event.completion.texts)
        turn = result.state.turn(event.turn or made)
        parent = turn.candidate.parent
        failed = result.state.turn(parent).execution if parent else None
        if failed and not failed.passed:
            yield Repair(failed.status, result.passes(turn.number), tokens + spent.pop(parent, 0))


def table(runs: Sequence[Path]) -> str:
    """The repairs of these runs as a table of Markdown, the best for each status first.

    Raises:
        InputError: A folder holds no finished run.
    """
    found: defaultdict[Status, defaultdict[str, list[Repair]]] = defaultdict(lambda: defaultdict(list))
    for path in runs:
        run = load(path)
        for task in run.tasks:
            trajectory = path / "trajectories" / trajectory_name(task.problem)
            for repair in repairs(read(trajectory)) if trajectory.exists() else ():
                found[repair.status][run.label].append(repair)
    lines = ["| after | feedback | repairs | solved | tokens each | solved for 10,000 tokens |", f"|{' --- |' * 6}"]
    for status, by_feedback in sorted(found.items(), key=lambda item: -sum(map(len, item[1].values()))):
        ranked = sorted(by_feedback.items(), key=lambda item: -_payoff(item[1]))
        lines += [_line(status, feedback, made) for feedback, made in ranked]
    return "\n".join(lines)


def _payoff(made: Sequence[Repair]) -> float:
    """Problems solved for a token."""
    return sum(repair.solved for repair in made) / sum(repair.tokens for repair in made)


def _line(status: Status, feedback: str, made: Sequence[Repair]) -> str:
    solved = sum(repair.solved for repair in made)
    share, each = wilson(solved, len(made)), sum(repair.tokens for repair in made) / len(made)
    cells = (
        status.replace("_", " "),
        feedback,
        f"{len(made)}",
        f"{solved}, {solved / len(made):.1%} ({share.low:.1%} to {share.high:.1%})",
        f"{each:,.0f}",
        f"{10_000 * _payoff(made):.2f}",
    )
    return f"| {' | '.join(cells)} |"


def main(arguments: Sequence[str]) -> int:
    """Print the table; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.payoff", description=__doc__)
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="a folder that `bench --out` has made")
    try:
        print(table(parser.parse_args(arguments).runs))
    except InputError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
