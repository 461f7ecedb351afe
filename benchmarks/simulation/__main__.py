"""Make a bank of draws, and play strategies on it.

`record TASK RUN --out BANK`: of what a finished `selfdebug bench TASK --strategy survey --out RUN` has drawn.
`curves TASK BANK`: what each strategy solves within so many tokens a problem, as tables of Markdown.
"""

import argparse
import asyncio
import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.curves import POINTS
from benchmarks.datasets import DATASETS, load, locate
from benchmarks.simulation import bank as banks
from benchmarks.simulation.curves import Curve, Pairs, ahead, ceiling, curve
from benchmarks.simulation.record import record
from sandbox.select import open_sandbox
from selfdebug.errors import InputError
from selfdebug.options import Budget, Options, Strategy, parse_feedback
from selfdebug.problem import Problem

PLAYED = tuple(strategy for strategy in Strategy if strategy is not Strategy.SURVEY)


def main(arguments: Sequence[str]) -> int:
    """Do what is asked; the exit status."""
    asked = _parser().parse_args(arguments)
    try:
        problems = load(DATASETS[asked.task], locate(DATASETS[asked.task], asked.data), asked.visible, asked.split)
        if asked.command == "record":
            bank = asyncio.run(_record(asked.run, problems))
            banks.save(bank, asked.out)
            draws = sum(len(each.draws) for each in bank.problems)
            print(f"{asked.out}: {draws} draws for {len(bank.problems)} problems, {asked.out.stat().st_size:,} bytes")
        else:
            print(_curves(problems, asked))
    except InputError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 2
    return 0


async def _record(run: Path, problems: Sequence[Problem]) -> banks.Bank:
    sandbox = open_sandbox("bubblewrap")
    try:
        return await record(run, problems, sandbox)
    finally:
        await sandbox.close()


def _curves(problems: Sequence[Problem], asked: argparse.Namespace) -> str:
    pairs = banks.matched(banks.load(asked.bank), problems, str(asked.bank))
    budget = Budget(turns=asked.turns, tokens=asked.tokens)
    try:
        feedback = parse_feedback(asked.feedback)
    except ValueError as error:
        raise InputError("--feedback", "", str(error)) from None
    began = time.monotonic()
    curves = [
        curve(pairs, Options(feedback=feedback, budget=budget, strategy=Strategy(each)), asked.times)
        for each in asked.strategies or PLAYED
    ]
    print(f"{len(curves)} strategies, {asked.times} times each: {time.monotonic() - began:.1f} s", file=sys.stderr)
    return "\n\n".join((_summary(curves, pairs), _table(curves, asked.points)))


def _summary(curves: Sequence[Curve], pairs: Pairs) -> str:
    problems = len(pairs)
    best = ceiling(pairs)
    lines = [
        f"{problems} problems with visible tests; for {best} ({best / problems:.1%}) a right program was drawn at all",
        "",
        f"| strategy | solved | less `{curves[0].strategy}` | tokens a problem | replies |",
        "| --- | --- | --- | --- | --- |",
    ]
    for each in curves:
        share, interval = each.share()
        lead, between = ahead(each, curves[0])
        versus = f"{lead:+.1%} ({between.low:+.1%} to {between.high:+.1%})" if each is not curves[0] else ""
        drawn = ", ".join(f"{part:.0%} {kind}" for kind, part in each.drawn.items() if part >= 0.005)
        solved = f"{share:.1%} ({interval.low:.1%} to {interval.high:.1%})"
        lines.append(f"| `{each.strategy}` | {solved} | {versus} | {each.tokens:,.0f} | {drawn} |")
    return "\n".join(lines)


def _table(curves: Sequence[Curve], points: int) -> str:
    spent = [played.tokens for each in curves for times in each.problems for played in times]
    low, high = math.log(max(min(spent), 1)), math.log(max(spent))
    grid = sorted({round(math.exp(low + (high - low) * point / (points - 1))) for point in range(points)})
    names = " | ".join(f"`{each.strategy}`" for each in curves)
    lines = [f"| tokens a problem | {names} |", f"| {' | '.join(['---'] * (len(curves) + 1))} |"]
    for tokens in grid:
        shares = [each.share(tokens) for each in curves]
        cells = [f"{share:.1%} ({interval.low:.1%} to {interval.high:.1%})" for share, interval in shares]
        lines.append(f"| {tokens:,} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulation", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    record_it = commands.add_parser("record", help="make a bank of what a run has drawn")
    _problems(record_it)
    record_it.add_argument("run", type=Path, metavar="RUN", help="the folder of a finished run")
    record_it.add_argument("--out", type=Path, required=True, metavar="BANK", help="the file to write")
    play = commands.add_parser("curves", help="play strategies on a bank")
    _problems(play)
    play.add_argument("bank", type=Path, metavar="BANK")
    known = ", ".join(PLAYED)
    play.add_argument("--strategy", dest="strategies", action="append", choices=PLAYED, help=f"{known}; repeatable")
    play.add_argument("--feedback", default="unit-test", help="what repairs are told; the bank must hold it")
    play.add_argument("--tokens", type=_count, default=2000, help="the most a problem may cost")
    play.add_argument("--turns", type=_count, default=40, help="the most candidates")
    play.add_argument("--times", type=_count, default=20, help="how often each problem is solved")
    play.add_argument("--points", type=_count, default=POINTS, help="lines of the curves' table")
    return parser


def _problems(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task", choices=sorted(DATASETS))
    parser.add_argument("--data", type=Path, help="the data set's file; by default the official one")
    parser.add_argument("--split", default="", help="as of `selfdebug bench`")
    parser.add_argument("--visible", default="examples", choices=("first", "examples", "all"))


def _count(text: str) -> int:
    number = int(text)
    if number < 2:
        raise argparse.ArgumentTypeError(f"is {text}; expected at least 2")
    return number


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
