"""Which of several candidates is the answer."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from sandbox.types import TestResult
from selfdebug.state import Turn


def best(turns: Sequence[Turn]) -> int:
    """The turn whose candidate passed most visible tests, then does what most do, then the earliest; 0 if none is.

    Where there is no test that leaves what most candidates that load do: the choice by majority of executions (Chen
    et al., 2023, section 4; Shi et al., 2022). Of several that pass all, what most do is seen in other calls, too: each
    program that was written counts, also one that was written twice (Chen et al., "CodeT", 2022). Between two that as
    many do, the model's preference decides (Li et al., "S*", 2025), where it holds in whatever order they are shown.
    """
    written = [turn for turn in turns if turn.candidate.program]
    groups = Counter(behaviour(turn) for turn in written)

    def merit(turn: Turn) -> tuple[int, bool, int, bool, int]:
        loads = turn.execution is not None and turn.execution.exception is None
        return turn.tests_passed, loads, groups[behaviour(turn)], turn.preferred is True, -turn.number

    return max(written, key=merit).number if written else 0


def rivals(turns: Sequence[Turn]) -> list[Turn]:
    """The different programs that pass every visible test."""
    return [turn for turn in turns if turn.passed and not turn.candidate.repeats]


def closest(turns: Sequence[Turn]) -> tuple[Turn, Turn] | None:
    """The first rivals of two behaviours that were written most often, both as often; None where one leads."""
    groups = defaultdict[object, list[Turn]](list)
    for turn in turns:
        if turn.passed and turn.probed:
            groups[behaviour(turn)].append(turn)
    leading = sorted(groups.values(), key=lambda group: -len(group))[:2]
    if len(leading) < 2 or len(leading[0]) > len(leading[1]):
        return None
    return leading[0][0], leading[1][0]


def difference(first: Turn, second: Turn) -> tuple[TestResult, TestResult]:
    """What two rivals that were probed did in a call in which they differ: if possible one that both return from.

    Raises:
        ValueError: They do not differ.
    """
    assert first.probed is not None
    assert second.probed is not None
    pairs = zip(first.probed.tests, second.probed.tests, strict=False)
    differing = [(one, other) for one, other in pairs if outcome(one) != outcome(other)]
    if not differing:
        raise ValueError(f"turns {first.number} and {second.number} did the same in all calls")
    return next((pair for pair in differing if None not in (pair[0].actual, pair[1].actual)), differing[0])


def outcome(test: TestResult) -> str:
    """What came of a call, in words."""
    if test.actual is not None:
        return f"returns `{test.actual}`"
    if test.exception is not None:
        return f"raises {test.exception.type}"
    return f"ends with: {test.status.replace('_', ' ')}"


def behaviour(turn: Turn) -> tuple[object, ...]:
    """What a candidate was seen to do; those that were probed did the same in the tests."""
    execution = turn.probed or turn.execution
    if execution is None:
        return (turn.number,)
    raised = tuple(test.exception.type if test.exception else None for test in execution.tests)
    return execution.status, tuple((test.status, test.actual) for test in execution.tests), raised
