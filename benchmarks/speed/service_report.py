"""The report of the service benchmark as text."""

import statistics
from collections.abc import Callable, Iterator, Sequence

from benchmarks.speed.service import LOCAL, MESSAGES, PLAIN, Report
from benchmarks.speed.service_jobs import TURNS
from benchmarks.speed.service_load import Done
from benchmarks.speed.service_stack import CELERY, EMBEDDED


def table(report: Report) -> str:
    """All that was measured."""
    before, after = report.load
    lines = [report.machine, f"load {before:.1f} before, {after:.1f} after"]
    for part in (_throughput, _shares, _latencies, _posts, _depths, _memory):
        rows = list(part(report))
        lines += ["", *rows] if rows else []
    lines += [f"not measured: {reason}" for reason in report.not_measured]
    return "\n".join(lines)


def added_ms(report: Report, kind: str) -> list[float]:
    """Processor milliseconds that the service adds to a turn of the local driver, in each round; boxes apart."""
    return _compared(report, kind, LOCAL, lambda done, base: (done.work_ms - base.work_ms) / TURNS)


def _compared(report: Report, name: str, base: str, compare: Callable[[Done, Done], float]) -> list[float]:
    return [compare(done[name], done[base]) for done in report.rounds if name in done and base in done]


def _throughput(report: Report) -> Iterator[str]:
    if not any(report.rounds):
        return
    yield (
        f"{f'{report.plan.jobs} jobs':14} {'rounds':>6} {'jobs/s':>8} {'min':>7} {'max':>7} {'of local':>9}"
        f" {'ms a turn':>10} {'added':>8} {'min':>7} {'max':>7} {'boxes':>8}"
    )
    for name in (LOCAL, CELERY, EMBEDDED):
        done = [each[name] for each in report.rounds if name in each]
        if not done:
            continue
        rates = [each.per_s for each in done]
        ratio = _median(_compared(report, name, LOCAL, lambda ours, base: ours.per_s / base.per_s))
        work = _median([each.work_ms / TURNS for each in done])
        boxes = _median([each.boxes_ms / TURNS for each in done if each.boxes_ms is not None])
        added = added_ms(report, name) if name != LOCAL else []
        shown = f"{_median(added):8} {_extreme(min, added)} {_extreme(max, added)}"
        rate = f"{statistics.median(rates):8.1f} {min(rates):7.1f} {max(rates):7.1f}"
        yield f"{name:14} {len(done):6} {rate} {ratio:>9} {work:>10} {shown} {boxes:>8}"
    plain = [each[PLAIN] for each in report.rounds if PLAIN in each]
    if plain:
        rates = [each.per_s / MESSAGES for each in plain]
        work = _median([MESSAGES * each.work_ms / TURNS for each in plain])
        rate = f"{statistics.median(rates):8.1f} {min(rates):7.1f} {max(rates):7.1f}"
        yield f"{PLAIN:14} {len(plain):6} {rate} {'':9} {work:>10}   ({MESSAGES} tasks that do nothing for a job)"
        of_plain = _compared(report, CELERY, PLAIN, lambda ours, base: MESSAGES * ours.per_s / base.per_s)
        yield f"{CELERY}, of plain celery: {_median(of_plain)}"


def _shares(report: Report) -> Iterator[str]:
    """What a turn costs where."""
    for name in (LOCAL, CELERY, EMBEDDED):
        done = [each[name] for each in report.rounds if name in each]
        if not done:
            continue
        parts = {
            part: [1000 * each.spent.parts[part] / each.jobs / TURNS for each in done] for part in done[0].spent.parts
        }
        shown = ", ".join(f"{part} {statistics.median(spent):.1f}" for part, spent in parts.items())
        yield f"processor ms a turn, {name}: {shown}"
        if done[0].traffic.transactions:
            each_turn = [(each.traffic.transactions / each.jobs / TURNS) for each in done]
            commands = [(each.traffic.commands / each.jobs / TURNS) for each in done]
            yield f"asked a turn, {name}: {_median(each_turn)} transactions, {_median(commands)} Redis commands"


def _latencies(report: Report) -> Iterator[str]:
    if report.latencies:
        yield (
            f"{'latency, ms':14} {'in flight':>9} {'jobs':>6} {'accepted':>9} {'95 %':>8} {'first event':>12}"
            f" {'95 %':>8} {'finished':>10} {'95 %':>10}"
        )
    for each in report.latencies:
        yield (
            f"{each.kind:14} {each.users:9} {each.jobs:6} {each.accepted.median_ms:9.1f} {each.accepted.p95_ms:8.1f}"
            f" {each.first.median_ms:12.1f} {each.first.p95_ms:8.1f}"
            f" {each.finished.median_ms:10.1f} {each.finished.p95_ms:10.1f}"
        )


def _posts(report: Report) -> Iterator[str]:
    if report.posts:
        yield f"{'POST, ms':14} {'queued':>9} {'workers':>9} {'median':>8} {'95 %':>8}"
    for each in report.posts:
        workers = "at work" if each.workers else "none"
        taken = f"{each.taken.median_ms:8.2f} {each.taken.p95_ms:8.2f}"
        yield f"{each.kind:14} {each.queued:9} {workers:>9} {taken}"


def _depths(report: Report) -> Iterator[str]:
    if report.depths:
        yield f"{'queue':14} {'queued':>9} {'rounds':>6} {'jobs/s':>8} {'of least':>9} {'ms a job':>9} {'of least':>9}"
    for kind in (CELERY, EMBEDDED):
        found = {
            depth: {each.round: each.done for each in report.depths if each.kind == kind and each.depth == depth}
            for depth in report.plan.depths
        }
        least = found.get(min(report.plan.depths, default=0), {})
        for depth, done in found.items():
            if not done:
                continue
            pairs = [(each, least[number]) for number, each in done.items() if number in least]
            speed = _median([each.per_s / base.per_s for each, base in pairs], 2)
            work = _median([each.work_ms / base.work_ms for each, base in pairs], 2)
            yield (
                f"{kind:14} {depth:9} {len(done):6} {_median([each.per_s for each in done.values()]):>8} {speed:>9}"
                f" {_median([each.work_ms for each in done.values()]):>9} {work:>9}"
            )


def _memory(report: Report) -> Iterator[str]:
    for kind, parts in report.memory.items():
        yield f"{f'memory, {kind}':20} {'PSS, MiB':>9} {'RSS, MiB':>9} {'below':>6} {'PSS, MiB':>9}"
        for each in parts:
            below = f"{each.processes:6} {each.below_pss_mib:9.1f}"
            yield f"  {each.name:18} {each.pss_mib:9.1f} {each.rss_mib:9.1f} {below}"


def _median(numbers: Sequence[float], digits: int = 1) -> str:
    return f"{statistics.median(numbers):.{digits}f}" if numbers else "-"


def _extreme(choose: Callable[[Sequence[float]], float], numbers: Sequence[float]) -> str:
    return f"{choose(numbers):7.1f}" if numbers else f"{'-':>7}"
