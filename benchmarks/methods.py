"""`python -m benchmarks.methods TASK`: every kind of feedback at the same cost, next to sampling again, as one table.

Each row is one `selfdebug bench` run in a folder of its own, so that it can be interrupted at any moment and goes on
where it stopped. All rows share model, problems, seed, the tokens that a problem may cost, and a bank of completions:
where two rows ask for the same, they get the same.
"""

import argparse
import itertools
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.compare import Comparison, compare
from benchmarks.datasets import DATASETS
from benchmarks.results import Run, load

AGAIN = "sampling again"
ROWS: dict[str, tuple[str, ...]] = {
    AGAIN: ("--strategy", "resample"),
    "simple": ("--feedback", "simple"),
    "unit-test": ("--feedback", "unit-test"),
    "explanation": ("--feedback", "unit-test+explanation"),
    "trace": ("--feedback", "unit-test+trace"),
    "runtime trace": ("--feedback", "unit-test+runtime-trace"),
    "smallest input": ("--feedback", "unit-test+smallest"),
    "grammar and static": ("--feedback", "unit-test+grammar+static"),
    "auto": ("--feedback", "auto"),
    "unit-test, few-shot": ("--feedback", "unit-test", "--few-shot"),
    "best of 3, unit-test": ("--feedback", "unit-test", "--samples", "3"),
}
UNTESTED = (AGAIN, "simple", "unit-test", "unit-test, few-shot")  # what differs where there is no test


def main(arguments: Sequence[str]) -> int:
    """Run what is missing and print the table; the exit status."""
    asked = _asked(arguments)
    rows = dict.fromkeys((AGAIN, *(asked.rows or (UNTESTED if asked.task == "spider" else ROWS))))
    for name in rows:
        command = _command(asked.task, name, asked.out, asked.bench)
        print(f"$ {shlex.join(command)}", file=sys.stderr, flush=True)
        status = subprocess.call([sys.executable, "-c", "from selfdebug.cli import main; main()", *command[1:]])
        if status:
            return status
    print(table({name: load(_folder(asked.out, asked.task, name)) for name in rows}))
    return 0


def table(runs: dict[str, Run]) -> str:
    """The runs as a table of Markdown, each against sampling again at the same tokens a problem."""
    again = runs[AGAIN]
    head = "| method | first answers | solved | gain on its first answers | against sampling again | tokens a problem |"
    lines = [head, "| --- | --- | --- | --- | --- | --- |"]
    for name, run in runs.items():
        lines.append(_line(name, compare(again, run)))
    return "\n".join(lines)


def _line(name: str, against: Comparison) -> str:
    side, change = against.second, against.at_tokens
    share = f"{side.solved / side.problems:.1%} ({side.share.low:.1%} to {side.share.high:.1%})"
    gain = f"{(side.solved - side.solved_first) / side.problems:+.1%}"
    versus = f"{change.difference:+.1%} ({change.interval.low:+.1%} to {change.interval.high:+.1%}), p {change.p:.2g}"
    cells = (
        name,
        f"{side.solved_first} of {side.problems}",
        f"{side.solved}, {share}",
        gain,
        "" if name == AGAIN else versus,
        f"{side.tokens / side.problems:,.0f}",
    )
    return f"| {' | '.join(cells)} |"


def _command(task: str, name: str, out: Path, bench: Sequence[str]) -> list[str]:
    kept = ["--out", str(_folder(out, task, name)), "--bank", str(out / "completions.sqlite")]
    return ["selfdebug", "bench", task, "--strategy", "linear", *ROWS[name], *kept, *bench]


def _folder(out: Path, task: str, name: str) -> Path:
    return out / task / name.replace(",", "").replace(" ", "-")


def _asked(arguments: Sequence[str]) -> argparse.Namespace:
    usage = "python -m benchmarks.methods TASK --out OUT [--row ROW] [-- OPTION …]"
    parser = argparse.ArgumentParser(usage=usage, description=f"{__doc__} What stands after -- is given to each run.")
    parser.add_argument("task", choices=sorted(DATASETS))
    parser.add_argument("--out", type=Path, required=True, help="the folder that holds each row's run")
    only = f"only this row, and {AGAIN}; repeatable"
    parser.add_argument("--row", dest="rows", action="append", choices=tuple(ROWS), help=only)
    own = list(itertools.takewhile(lambda argument: argument != "--", arguments))
    asked = parser.parse_args(own)
    asked.bench = arguments[len(own) + 1 :]
    return asked


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
