"""Puts the page together: numbers, charts, trajectories, style and script, all in one file that may load nothing."""

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from benchmarks import costs, curves
from benchmarks.compare import Change, Comparison, change, compare, require_same_problems
from benchmarks.intervals import Interval, wilson
from benchmarks.report import charts, faults, solves
from benchmarks.results import Run

_FOLDER = Path(__file__).parent / "assets"
_SHARED = ("dom.js", "highlight.js", "diff.js")  # of the service's page: they draw a program the same way there
_IMPORT, _EXPORT = re.compile(r"^import\b[^;]*;\n", re.M), re.compile(r"^export (?=function|const)", re.M)
_HALF = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Headline:
    """What the run comes to."""

    solved: int
    first: int
    problems: int
    share: Interval
    gain: Change
    cost: costs.Cost | None
    tokens: int
    estimated: bool
    pass_at: dict[int, float]


def render(run: Run, against: Sequence[Run] = ()) -> str:
    """The page of a run, beside others over the same problems.

    Raises:
        InputError: One of those is over other problems.
    """
    for other in against:
        require_same_problems(run, other)
    runs = [run, *against]
    labels = _labels(runs)
    read = [solves.read_solve(run, task) for task in run.tasks]
    outcomes = Counter(solve.outcome for solve in read)
    style, script = (_FOLDER / "style.css").read_text("utf-8"), _script()
    page = (
        _environment()
        .get_template("page.html.j2")
        .render(
            run=run,
            labels=labels,
            headline=_headline(run, any(solve.estimated for solve in read)),
            facts=_facts(run),
            charts=[charts.by_turn(runs, labels), charts.by_tokens(runs, labels)],
            comparisons=[_against(run, other) for other in against],
            resampled=any(each.strategy == "resample" for each in runs),
            faults=faults.classes(solve.state for solve in read if solve.state),
            outcomes={name: (title, outcomes[name]) for name, title in solves.OUTCOMES.items() if outcomes[name]},
            style=Markup(style),
            script=Markup(script),
            policy=f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; img-src data:; "
            "base-uri 'none'; form-action 'none'",
            data=Markup(_embedded({"problems": [solves.plain(solve) for solve in read], "outcomes": solves.OUTCOMES})),
            width=charts.WIDTH,
            height=charts.HEIGHT,
            plot=(charts.LEFT, charts.TOP, charts.WIDTH - charts.RIGHT, charts.HEIGHT - charts.BOTTOM),
        )
    )
    return _HALF.sub("�", page)


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
    )
    environment.filters["percent"] = lambda share: f"{share:.1%}"
    environment.filters["points"] = lambda share: f"{100 * share:+.1f}"
    environment.filters["count"] = lambda number: f"{number:,.0f}"
    environment.filters["p"] = lambda p: f"{p:.2g}" if p >= 0.0001 else "< 0.0001"
    return environment


def _script() -> str:
    """Our own script behind those that it shares with the service's page, in one scope."""
    assets = files("selfdebug.service.page") / "assets"
    shared = [(assets / name).read_text("utf-8") for name in _SHARED]
    joined = "\n".join(
        [*(_EXPORT.sub("", _IMPORT.sub("", text)) for text in shared), (_FOLDER / "report.js").read_text()]
    )
    return f'(() => {{\n"use strict";\n{joined}}})();\n'


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode()}'"


def _embedded(data: dict[str, Any]) -> str:
    """JSON that can stand in an HTML script element: ASCII, and nothing in it opens or closes a tag or a comment."""
    text = json.dumps(data, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _labels(runs: Sequence[Run]) -> list[str]:
    """What to call each run: what sets it apart, with its folder's name where two are alike."""
    alike = Counter(run.label for run in runs)
    return [run.label if alike[run.label] == 1 else f"{run.label} ({run.name})" for run in runs]


def _headline(run: Run, estimated: bool) -> Headline:
    solved = sum(task.solved for task in run.tasks)
    first = {task.problem: task.solved_first and not task.error for task in run.tasks}
    return Headline(
        solved=solved,
        first=sum(first.values()),
        problems=len(run.tasks),
        share=wilson(solved, len(run.tasks)),
        gain=change(first, {task.problem: task.solved for task in run.tasks}),
        cost=costs.per_solved(run),
        tokens=run.usage.tokens,
        estimated=estimated,
        pass_at=curves.samples_pass_at(run),
    )


def _against(run: Run, other: Run) -> tuple[str, Comparison]:
    return other.label, compare(other, run)


def _facts(run: Run) -> list[tuple[str, str]]:
    """The manifest, line by line."""
    asked, made = run.manifest.asked, run.manifest.made
    options, model = asked.options, asked.model
    sampling, budget = options.get("sampling", {}), run.budget
    machine, packages = made.get("machine") or {}, made.get("packages") or {}
    limits = ", ".join(f"{name} {most}" for name, most in budget.items() if most is not None)
    memory = machine.get("memory_bytes")
    found = [
        ("Command", made.get("command")),
        ("Begun", made.get("started")),
        ("Taken up again", f"{len(run.manifest.resumed)} times" if run.manifest.resumed else None),
        ("Data", f"{asked.problems} problems, SHA-256 {asked.data_sha256}"),
        ("Visible tests", asked.visible),
        ("Model", model.get("name")),
        ("Revision", model.get("revision") or "unknown: the server does not tell"),
        ("Feedback", run.feedback),
        ("Strategy", run.strategy),
        ("Budget of a problem", limits),
        ("Sampling", ", ".join(f"{name} {value}" for name, value in sampling.items())),
        ("Prompts", ", ".join(f"{name} {value}" for name, value in asked.prompts.items())),
        ("Isolation", made.get("isolation")),
        (
            "Versions",
            ", ".join([f"selfdebug {made.get('selfdebug')}", f"Python {made.get('python')}", *_pairs(packages)]),
        ),
        ("Commit", made.get("commit")),
        ("Machine", ", ".join(str(machine[name]) for name in ("processor", "system") if machine.get(name))),
        ("Cores and memory", f"{machine.get('cores')}, {memory / 2**30:.1f} GiB" if memory else None),
        ("GPUs", "; ".join(machine.get("gpus") or []) or "none"),
    ]
    return [(name, str(value)) for name, value in found if value]


def _pairs(versions: dict[str, str]) -> list[str]:
    return [f"{name} {version}" for name, version in versions.items()]
