"""Two runs over the same problems, side by side."""

from dataclasses import dataclass

from benchmarks import costs, curves, intervals
from benchmarks.intervals import Interval
from benchmarks.results import Run
from selfdebug.errors import InputError

_SHOWN = 3


@dataclass(frozen=True)
class Side:
    """One of the runs.

    Attributes:
        solved_within: Problems solved when each may spend at most the common number of tokens.
    """

    name: str
    label: str
    problems: int
    solved_first: int
    solved: int
    share: Interval
    solved_within: int
    errors: int
    tokens: int
    per_solved: costs.Cost | None


@dataclass(frozen=True)
class Change:
    """How the second run differs from the first, task by task.

    Attributes:
        difference: Of the shares solved, second less first.
        interval: Its bootstrap interval over tasks.
        p: Of McNemar's exact test.
        gained, lost: The problems that only the second, and only the first, solves.
    """

    difference: float
    interval: Interval
    p: float
    gained: tuple[str, ...]
    lost: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """Two runs; both at their ends, and at the same tokens a problem.

    Attributes:
        tokens: That number: the most for which both runs show what they make of them.
        warnings: What else differs between them.
    """

    first: Side
    second: Side
    tokens: int
    at_end: Change
    at_tokens: Change
    warnings: tuple[str, ...]


def compare(first: Run, second: Run, *, tokens: int | None = None, seed: int = 0) -> Comparison:
    """Compare two runs.

    Args:
        tokens: Where to compare at equal cost, in tokens a problem; by default as far as both runs go.
        seed: Of the bootstrap.

    Raises:
        InputError: They are not over the same problems.
    """
    require_same_problems(first, second)
    most = curves.common_tokens([first, second])
    tokens = most if tokens is None else tokens
    ends = [{task.problem: task.solved for task in run.tasks} for run in (first, second)]
    within = [{task.problem: task.solved_within(tokens) for task in run.tasks} for run in (first, second)]
    return Comparison(
        first=_side(first, tokens),
        second=_side(second, tokens),
        tokens=tokens,
        at_end=change(*ends, seed=seed),
        at_tokens=change(*within, seed=seed),
        warnings=_warnings(first, second, beyond=tokens > most),
    )


def change(first: dict[str, bool], second: dict[str, bool], *, seed: int = 0) -> Change:
    """How two outcomes of the same problems differ."""
    differences = [second[problem] - first[problem] for problem in first]
    gained = tuple(problem for problem in first if second[problem] and not first[problem])
    lost = tuple(problem for problem in first if first[problem] and not second[problem])
    return Change(
        difference=sum(differences) / len(differences),
        interval=intervals.bootstrap_mean(differences, seed=seed),
        p=intervals.mcnemar(len(gained), len(lost)),
        gained=gained,
        lost=lost,
    )


def require_same_problems(first: Run, second: Run) -> None:
    """Refuse runs that can't be compared.

    Raises:
        InputError: Their data or their problems differ.
    """
    ours, theirs = first.manifest.asked, second.manifest.asked
    place = f"{first.path} and {second.path}"
    if ours.data_sha256 != theirs.data_sha256:
        hashes = f"{ours.data_sha256[:12]}… and {theirs.data_sha256[:12]}…"
        raise InputError("compare", place, f"are runs over different data ({hashes}); make both on the same file")
    differing = sorted(first.by_problem.keys() ^ second.by_problem.keys())
    if differing:
        named = ", ".join(differing[:_SHOWN]) + (", …" if len(differing) > _SHOWN else "")
        counts = f"{len(first.tasks)} and {len(second.tasks)} problems, {len(differing)} of them in one alone"
        raise InputError("compare", place, f"are over different problems ({counts}: {named}); use the same --limit")


def _side(run: Run, tokens: int) -> Side:
    solved = sum(task.solved for task in run.tasks)
    return Side(
        name=run.name,
        label=run.label,
        problems=len(run.tasks),
        solved_first=sum(task.solved_first for task in run.tasks),
        solved=solved,
        share=intervals.wilson(solved, len(run.tasks)),
        solved_within=sum(task.solved_within(tokens) for task in run.tasks),
        errors=sum(bool(task.error) for task in run.tasks),
        tokens=run.usage.tokens,
        per_solved=costs.per_solved(run),
    )


def _warnings(first: Run, second: Run, *, beyond: bool) -> tuple[str, ...]:
    ours, theirs = first.manifest.asked, second.manifest.asked
    found = []
    for name in ("turns", "tokens", "seconds", "executions"):
        mine, other = first.budget.get(name), second.budget.get(name)
        if mine != other:
            found.append(f"the budgets differ: {name} {_limit(mine)} and {_limit(other)}")
    if ours.model != theirs.model:
        found.append(f"the models differ: {_model(first)} and {_model(second)}")
    if ours.visible != theirs.visible:
        found.append(f"the model was shown different tests: {ours.visible} and {theirs.visible}")
    differing = [name for name in ours.prompts if ours.prompts[name] != theirs.prompts.get(name)]
    if differing:
        found.append(f"the prompts differ: {', '.join(differing)}")
    for name in ("sampling", "limits"):
        if ours.options.get(name) != theirs.options.get(name):
            found.append(f"{name}: {_differing(ours.options.get(name), theirs.options.get(name))}")
    for run in (first, second):
        failed = sum(bool(task.error) for task in run.tasks)
        if failed:
            found.append(f"{run.name}: {failed} without a result, counted as not solved; repeat its command first")
    if beyond:
        found.append("one of the runs ended before so many tokens a problem")
    return tuple(found)


def _limit(value: object) -> str:
    return "without limit" if value is None else str(value)


def _model(run: Run) -> str:
    model = run.manifest.asked.model
    revision = f" ({str(model['revision'])[:12]})" if model.get("revision") else ""
    return f"{model.get('name')}{revision}"


def _differing(ours: object, theirs: object) -> str:
    if not isinstance(ours, dict) or not isinstance(theirs, dict):
        return f"{ours} and {theirs}"
    return ", ".join(
        f"{name} {ours.get(name)} and {theirs.get(name)}" for name in ours if ours[name] != theirs.get(name)
    )
